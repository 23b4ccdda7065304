"""The real libcrypto as a witness, through ctypes."""

from __future__ import annotations

import ctypes
import ctypes.util

NO_START_LINE = 108
"""PEM_R_NO_START_LINE (include/openssl/pemerr.h): the end of the file, no error."""


def load() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("crypto")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    version = getattr(library, "OpenSSL_version_num", None)
    if version is None or version() >> 28 & 0xF < 3:
        return None
    library.BIO_new_mem_buf.restype = ctypes.c_void_p
    library.BIO_new_mem_buf.argtypes = [ctypes.c_char_p, ctypes.c_int]
    library.BIO_free.argtypes = [ctypes.c_void_p]
    pointer = ctypes.POINTER(ctypes.c_void_p)
    library.PEM_read_bio.argtypes = [ctypes.c_void_p, pointer, pointer, pointer, ctypes.POINTER(ctypes.c_long)]
    library.ERR_peek_last_error.restype = ctypes.c_ulong
    library.PEM_X509_INFO_read_bio.restype = ctypes.c_void_p
    library.PEM_X509_INFO_read_bio.argtypes = [ctypes.c_void_p] * 4
    return library


LIBCRYPTO = load()


def blocks(data: bytes) -> list[tuple[str, bytes, bytes] | str]:
    """What PEM_read_bio gives one after the other, then ``end`` or ``error``."""
    assert LIBCRYPTO
    bio = LIBCRYPTO.BIO_new_mem_buf(data, len(data))
    found: list[tuple[str, bytes, bytes] | str] = []
    while True:
        name, header, contents = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        length = ctypes.c_long()
        LIBCRYPTO.ERR_clear_error()
        if not LIBCRYPTO.PEM_read_bio(bio, name, header, contents, length):
            reason = LIBCRYPTO.ERR_peek_last_error() & 0x7FFFFF
            found.append("end" if reason == NO_START_LINE else "error")
            LIBCRYPTO.BIO_free(bio)
            return found
        found.append(
            (
                ctypes.string_at(name.value).decode("latin-1"),
                ctypes.string_at(header.value),
                ctypes.string_at(contents.value, length.value),
            )
        )


def reads_trust_file(data: bytes) -> bool:
    """Whether PEM_X509_INFO_read_bio, which loads CA files, is content."""
    assert LIBCRYPTO
    bio = LIBCRYPTO.BIO_new_mem_buf(data, len(data))
    LIBCRYPTO.ERR_clear_error()
    found = LIBCRYPTO.PEM_X509_INFO_read_bio(bio, None, None, None)
    LIBCRYPTO.BIO_free(bio)
    return bool(found)
