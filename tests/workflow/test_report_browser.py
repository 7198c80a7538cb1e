"""The report in a real browser: nothing is fetched, nothing of the data is run, tables search and sort."""

import json
import re
import shutil
import subprocess
import threading
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer

import pandas as pd
import pytest

from amygene.report import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine: the report cannot be opened in a browser"
    ),
]
#: an id as somebody may have typed it; run, it would change the title
NASTY = "<script>document.title='taken over'</script>"
#: what the page's reader would do, and what is then to be seen, in the page's title
ACT = """
<script>
addEventListener("load", () => {
  const box = document.querySelector(".table");
  const rows = () => [...box.querySelectorAll("tbody tr")].filter((r) => !r.hidden).map((r) => r.cells[0].textContent);
  const seen = { start: rows() };
  const head = box.querySelectorAll("th")[1];
  head.click();
  seen.up = rows();
  head.click();
  seen.down = rows();
  const search = box.querySelector("input");
  search.value = "beta";
  search.dispatchEvent(new Event("input"));
  seen.found = rows();
  seen.title = document.title;
  document.body.setAttribute("data-seen", JSON.stringify(seen));
});
</script>
"""


def dom_of(path, folder):
    """The page's DOM after its scripts ran."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


@pytest.fixture
def listener():
    """A server on loopback that remembers what it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(5)


def test_nothing_of_the_data_is_run_and_tables_work(tmp_path):
    names = ["alpha", "beta", "gamma", NASTY, *(f"r{i}" for i in range(8))]
    table = pd.DataFrame({"region": names, "t": [3.0, -1.0, float("nan"), 10.0, *range(20, 28)]})
    html = page.render(NASTY, [{"id": "a", "title": "A", "question": "", "blocks": [page.table(table, "f.tsv")]}])
    file = tmp_path / "page.html"
    file.write_text(html.replace("</body>", ACT + "</body>"), encoding="utf-8")
    dom = dom_of(file, tmp_path)
    seen = json.loads(unescape(re.search(r'data-seen="([^"]+)"', dom).group(1)))
    assert seen["title"] == f"{NASTY} – amygene report"
    assert seen["start"] == names
    # numbers sort as numbers, missing ones after them
    assert seen["up"][:3] == ["beta", "alpha", NASTY]
    assert seen["up"][-1] == "gamma"
    assert seen["down"][-1] == "beta"
    assert seen["found"] == ["beta"]


@pytest.mark.parametrize("with_policy", [True, False])
def test_the_policy_stops_a_request_that_slipped_in(tmp_path, listener, with_policy):
    html = page.render("s", [{"id": "a", "title": "A", "question": "", "blocks": [page.words("x")]}])
    if not with_policy:
        html = html.replace("Content-Security-Policy", "nothing")
    file = tmp_path / "page.html"
    file.write_text(html.replace("</body>", f'<img src="http://127.0.0.1:{listener.server_port}/x.png"></body>'))
    dom_of(file, tmp_path)
    assert listener.asked == ([] if with_policy else ["/x.png"])
