# SPDX-License-Identifier: ISC
"""Messages that no sane program makes: each has much of one thing."""

LAST = b"\nneedle at the end\n"


def parts(n=100000):
    part = b"--b\nContent-Type: text/plain; charset=utf-8\n\nx\n"
    return (b"Subject: parts\nContent-Type: multipart/mixed; boundary=b\n\n" +
            part * n + b"--b\n\n" + LAST + b"--b--\n")


def multiparts(n=10000):
    """Multiparts in multiparts, each with a boundary of its own."""
    out = [b"Subject: multiparts\n"]
    out += [b"Content-Type: multipart/mixed; boundary=b%05d\n\n--b%05d\n" % (i, i)
            for i in range(n)]
    out.append(b"\n" + LAST)
    out += [b"--b%05d--\n" % i for i in reversed(range(n))]
    return b"".join(out)


def messages(n=10000):
    """Messages in messages."""
    head = b"Subject: messages\nContent-Type: message/rfc822\n\n"
    return head * n + b"Subject: innermost\n\n" + LAST


def long_field(n=50 << 20):
    """One field, folded."""
    line = b" " + b"x" * 70 + b"\n"
    return (b"Subject: field\nX-Long: y\n" + line * (n // len(line)) +
            b"X-Behind: z\n\n" + LAST)


def long_subject(n=50 << 20):
    line = b" " + b"x" * 70 + b"\n"
    return b"Subject: y\n" + line * (n // len(line)) + b"X-Behind: z\n\n" + LAST


def many_fields(n=50 << 20):
    line = b"X-Field: some value\n"
    return b"Subject: fields\n" + line * (n // len(line)) + b"X-Behind: z\n\n" + LAST


def addresses(n=200000):
    return (b"Subject: addresses\nTo: " +
            b",\n ".join(b"N%d <a%d@example.org>" % (i, i) for i in range(n)) +
            b"\nCc: c@example.org\n\n" + LAST)


def comments(n=1000000):
    return b"Subject: comments\nTo: " + b"(" * n + b"\nCc: c@example.org\n\n" + LAST


def brackets(n=1000000):
    return b"Subject: brackets\nTo: " + b"<[" * n + b"\nCc: c@example.org\n\n" + LAST


def long_boundary(n=1 << 20):
    b = b"b" * n
    return (b"Subject: boundary\nContent-Type: multipart/mixed;\n boundary=\"" + b +
            b"\"\n\n--" + b + b"\n\none" + LAST + b"--" + b + b"--\n")


def near_boundaries(n=300000):
    b = b"b" * 70
    near = b"--" + b[:-1] + b"x\n"
    return (b"Subject: near\nContent-Type: multipart/mixed; boundary=" + b +
            b"\n\n--" + b + b"\n\n" + near * n + LAST + b"--" + b + b"--\n")


def near_nested(n=300000, depth=90):
    """The same beneath many boundaries that begin alike."""
    b = b"b" * 60
    out = [b"Subject: near nested\n"]
    out += [b"Content-Type: multipart/mixed; boundary=%s%02d\n\n--%s%02d\n" %
            (b, i, b, i) for i in range(depth)]
    out.append(b"\n" + (b"--" + b + b"x\n") * n + LAST)
    return b"".join(out)


def empty_lines(n=1000000):
    return b"Subject: empty\n\n" + b"\n" * n + LAST


def long_line(n=100 << 20):
    return b"Subject: line\n\n" + b"x" * n + LAST


def references(n=100000):
    return (b"Subject: references\nMessage-ID: <last@example.org>\nReferences:" +
            b"".join(b"\n <r%d@example.org>" % i for i in range(n)) +
            b"\n\n" + LAST)


def words(n=100000):
    return (b"Subject:" + b"\n =?utf-8?q?w=C3=B6rd?=" * n +
            b"\nX-Behind: z\n\n" + LAST)


def words_of_charsets(n=100000):
    names = [b"koi8-r", b"windows-1251", b"iso-8859-2", b"euc-kr", b"iso-2022-jp",
             b"gb18030", b"big5", b"x-nobody"]
    return (b"Subject:" + b"".join(b"\n =?%s?q?w=B0=A1rd?=" % names[i % len(names)]
                                   for i in range(n)) +
            b"\nX-Behind: z\n\n" + LAST)


def half_words(n=1000000):
    return b"Subject: " + b"=?a?b?" * n + b"\nX-Behind: z\n\n" + LAST


def continuations(n=10000):
    return (b"Subject: continuations\nContent-Type: text/plain; charset=utf-8" +
            b"".join(b";\n name*%d=n%d" % (i, i) for i in range(n)) +
            b"\nContent-Disposition: attachment" +
            b"".join(b";\n filename*%d*=f%d" % (i, i) for i in range(n)) +
            b"\n\n" + LAST)


def parameters(n=100000):
    return (b"Subject: parameters\nContent-Type: text/plain" +
            b"".join(b";\n p%d=v" % i for i in range(n)) + b"\n\n" + LAST)


def tags(n=3000000):
    return (b"Subject: tags\nContent-Type: text/html\n\n" + b"<" * n + b"&" * n +
            b"<!--" * (n // 4) + b"-->" + LAST)


def soft_breaks(n=1000000):
    return (b"Subject: soft\nContent-Transfer-Encoding: quoted-printable\n\n" +
            b"=\n" * n + b" " * n + LAST)


def no_base64(n=20 << 20):
    return (b"Subject: base64\nContent-Transfer-Encoding: base64\n"
            b"Content-Type: text/plain; charset=iso-2022-kr\n\n" + b"*" * n + LAST)


def marks(n=10 << 20):
    """Combining marks behind one letter."""
    return ("Subject: marks\nContent-Type: text/plain; charset=utf-8\n\na" +
            "\u0301\u0323" * (n // 4)).encode() + LAST


def nuls(n=20 << 20):
    return b"Subject: nuls\n\n" + b"\0" * n + LAST


ALL = [parts, multiparts, messages, long_field, long_subject, many_fields, addresses,
       comments, brackets, long_boundary, near_boundaries, near_nested, empty_lines,
       long_line, references, words, words_of_charsets, half_words, continuations,
       parameters, tags, soft_breaks, no_base64, marks, nuls]
