"""Sending files as browsers do, and worse."""

UNKNOWN = "application/octet-stream"


def body(*parts, field="file", **fields):
    """A form of (content, name[, type]) and fields, byte by byte: what to give to a client.

    The client's own would go through temporary files, and through its idea of good names.
    """
    pieces = []
    for content, name, *claimed in parts:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        pieces.append(
            f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{quoted}"\r\n'
            f"Content-Type: {claimed[0] if claimed else UNKNOWN}\r\n\r\n".encode()
        )
        pieces += [content, b"\r\n"]
    for name, value in fields.items():
        pieces.append(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        )
    return {
        "data": b"".join(pieces) + b"--x--\r\n",
        "content_type": "multipart/form-data; boundary=x",
    }


def send(client, *parts):
    """Upload (content, name[, type]) as a script does; answers the status and the JSON."""
    token = {"X-CSRFToken": client.token("/tickets/new")}
    answer = client.post("/attachments", **body(*parts), headers=token)
    assert answer.mimetype == "application/json"
    return answer.status_code, answer.json


def one(client, content=b"hei", name="notat.txt", *more):
    status, told = send(client, (content, name, *more))
    assert (status, told["problems"]) == (201, [])
    return told["files"][0]


def guarded(answer):
    assert answer.headers.getlist("Content-Security-Policy") == ["sandbox; default-src 'none'"]
    assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert "no-store" in answer.headers["Cache-Control"]
