import pytest
@pytest.mark.parametrize("js",[True,False])
def test_probe_slow(house, seat, js):
    o=seat("ola", java_script_enabled=js); o.expected|={409}
    for what in ("row","page"):
        t=house.ticket(title="Treg dobbel")
        o.go("/admin/tickets/?tab=all&search=treg" if what=="row" else f"/admin/tickets/{t}")
        cdp=o.context.new_cdp_session(o.page); cdp.send("Network.enable")
        b=(o.row(t).locator("button[value=lukket]") if what=="row" else o.find(".status-buttons button[value=lukket]"))
        bb=b.bounding_box(); x,y=bb["x"]+5,bb["y"]+5
        cdp.send("Network.emulateNetworkConditions", {"offline":False,"latency":1500,"downloadThroughput":-1,"uploadThroughput":-1})
        o.page.mouse.click(x,y); o.page.wait_for_timeout(500); o.page.mouse.click(x,y); o.page.wait_for_timeout(6500)
        cdp.send("Network.emulateNetworkConditions", {"offline":False,"latency":0,"downloadThroughput":-1,"uploadThroughput":-1})
        print("\n",what, js, o.page.url[-40:], o.find("h1").inner_text(), "| news:", o.find("section[role=alert]").all_inner_texts())
