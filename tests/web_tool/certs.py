# SPDX-License-Identifier: Apache-2.0
"""Certificates for world.py, made with openssl: an authority of our own, and
what is wrong with the certificates of others."""

import os
import subprocess


def openssl(folder, *words, **kw):
    r = subprocess.run(["openssl", *words], cwd=folder, text=True, capture_output=True, **kw)
    assert r.returncode == 0, f"openssl {' '.join(words)}: {r.stderr}"
    return r.stdout


EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:")


def key(folder, name, kind="P-256"):
    options = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:" + kind) if kind.isdigit() else \
        (*EC[:-1], EC[-1] + kind)
    openssl(folder, "genpkey", *options, "-out", name + ".key")


def authority(folder, name, kind="P-256"):
    key(folder, name, kind)
    openssl(folder, "req", "-x509", "-new", "-key", name + ".key", "-out", name + ".pem",
            "-days", "3650", "-subj", f"/CN={name}")


def certificate(folder, name, by, host=None, kind="P-256", digest="sha256",
                dates=("20200101000000Z", "20491231235959Z")):
    """`openssl ca` is the one that takes any dates."""
    key(folder, name, kind)
    openssl(folder, "req", "-new", "-key", name + ".key", "-out", name + ".csr",
            "-subj", f"/CN={host or name}")
    with open(os.path.join(folder, name + ".cnf"), "w") as f:
        f.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nserial=serial\n"
                f"default_md={digest}\npolicy=p\nx509_extensions=x\nunique_subject=no\n"
                f"[p]\ncommonName=supplied\n"
                f"[x]\nsubjectAltName=DNS:{host or name}\nextendedKeyUsage=serverAuth\n")
    open(os.path.join(folder, "index"), "w").close()
    openssl(folder, "ca", "-batch", "-notext", "-config", name + ".cnf", "-rand_serial",
            "-cert", by + ".pem", "-keyfile", by + ".key", "-in", name + ".csr",
            "-out", name + ".pem", "-startdate", dates[0], "-enddate", dates[1])


def make(folder):
    """The authorities to believe: those of this machine and ours."""
    authority(folder, "ca")
    authority(folder, "rsa-ca", "2048")
    authority(folder, "stranger")
    for name in ("site.test", "other.test"):
        certificate(folder, name, "ca")
    certificate(folder, "expired.test", "ca", dates=("20200101000000Z", "20200201000000Z"))
    certificate(folder, "future.test", "ca", dates=("20490101000000Z", "20491231235959Z"))
    certificate(folder, "wrongname.test", "ca", host="other.test")
    certificate(folder, "unknown.test", "stranger")
    authority(folder, "selfsigned.test")
    certificate(folder, "weak.test", "rsa-ca", kind="2048", digest="sha1")
    certificate(folder, "rsa.test", "rsa-ca", kind="2048")
    certificate(folder, "p384.test", "ca", kind="P-384", digest="sha384")
    certificate(folder, "tls12.test", "rsa-ca", kind="2048")
    bundle = ""
    for path in ("/etc/ssl/certs/ca-certificates.crt", os.path.join(folder, "ca.pem"),
                 os.path.join(folder, "rsa-ca.pem")):
        with open(path) as f:
            bundle += f.read()
    return bundle
