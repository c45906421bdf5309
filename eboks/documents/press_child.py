"""The process behind `eboks.documents.press`: reads HTML from a pipe, answers with PDF.

Started as `python -m eboks.documents.press_child SECONDS MEGABYTES`, with an empty environment and
no settings. It ends with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import resource
import signal
import struct
import sys
import time
from typing import BinaryIO

from django.conf import settings

_PR_SET_PDEATHSIG = 1
_MEGABYTE = 1 << 20


def main() -> None:
    seconds, megabytes = float(sys.argv[1]), int(sys.argv[2])
    _end_with_parent()
    # Texts stay as they are written: no translations, so no settings and no tables are needed.
    settings.configure(USE_I18N=False)
    # Whatever a library prints must not land among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * _MEGABYTE, megabytes * _MEGABYTE))
    serve(sys.stdin.buffer, answers, seconds=seconds)


def serve(questions: BinaryIO, answers: BinaryIO, *, seconds: float) -> None:
    """One document after another until the questions end."""
    from eboks.documents import pdf  # noqa: PLC0415 -- after the settings
    from eboks.documents.press import DONE, HEADER, REFUSED, UNAVAILABLE  # noqa: PLC0415

    pdf.is_available()  # loads the renderer
    answers.write(b".")
    answers.flush()
    while len(header := questions.read(HEADER.size)) == HEADER.size:
        html_size, title_size = HEADER.unpack(header)
        html = questions.read(html_size).decode()
        title = questions.read(title_size).decode()
        _cap_processor_time(seconds)
        start = time.process_time()
        try:
            status, content = DONE, pdf.render_pdf(html, title=title)
        except pdf.PdfUnavailableError as error:
            status, content = UNAVAILABLE, str(error).encode()
        except pdf.PdfError as error:
            status, content = REFUSED, str(error).encode()
        except Exception as error:
            status, content = REFUSED, f"{type(error).__name__}: {error}"[:500].encode()
        answers.write(HEADER.pack(status, len(content)))
        answers.write(struct.pack(">d", time.process_time() - start))
        answers.write(content)
        answers.flush()


def _cap_processor_time(seconds: float) -> None:
    """The kernel ends the process when this document takes longer, whatever it is doing."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cap = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cap, resource.RLIM_INFINITY))


def _end_with_parent() -> None:
    """On Linux: a parent that is killed takes this process along."""
    # Elsewhere the closed pipe ends it, after the document that it is at.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
