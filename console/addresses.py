"""Where a form may send one back to: an address of ours, and nothing else."""


def is_ours(address: str) -> bool:
    """Whether the text is a path on this site, however a browser may read it.

    «//host» and «/\\host» lead away; a tab or a line break inside may hide either.
    """
    return (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and (address.isprintable())
    )
