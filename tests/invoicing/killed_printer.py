"""Prints missing PDFs and kills itself and its children at a given moment (test_pdf_batches).

python -m tests.invoicing.killed_printer ENGINE NAME MEDIA_ROOT WHERE NTH
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from typing import Any

AT = dt.datetime(2026, 11, 26, 9, 0, tzinfo=dt.UTC)


def main() -> None:
    engine, name, media, where, nth = sys.argv[1:]
    os.environ["DJANGO_SETTINGS_MODULE"] = "eboks.settings.test"
    from django.conf import settings

    settings.DATABASES["default"] |= {"ENGINE": engine, "NAME": name}
    settings.MEDIA_ROOT = media
    import django

    django.setup()

    from eboks.documents import pdf, services, storage
    from eboks.documents.press import Press
    from invoicing import documents, pdf_batches

    count = 0

    def deadly(work: Any, *, after: bool) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            result = work(*args, **kwargs) if after else None
            count += 1
            if count > int(nth):
                os.killpg(0, signal.SIGKILL)
            return result if after else work(*args, **kwargs)

        return step

    if where == "before":
        documents.keep = deadly(documents.keep, after=False)
    elif where == "file":  # the file is there, its row is not
        storage.write = deadly(storage.write, after=True)
    elif where == "row":  # the row is there, the invoice does not know it
        documents.__dict__["store"] = deadly(services.store, after=True)
    else:  # the process that renders, in the middle of its work
        render = Press.render

        def dying(self: Press, html: str, *, title: str) -> bytes:
            nonlocal count
            count += 1
            if count > int(nth) and self._child is not None:
                os.kill(self._child.pid, signal.SIGKILL)
            return render(self, html, title=title)

        Press.render = dying  # type: ignore[method-assign]
        with Press() as press:
            pdf_batches.render_missing(at=AT, press=press)
        return
    # What is tried here is the storing; rendering is not worth its time.
    pdf.render_pdf = lambda html, *, title: f"%PDF-{title}".encode()
    pdf_batches.render_missing(at=AT)


if __name__ == "__main__":
    main()
