"""The requests of `../README.md` by httpx: `client.py PORT VERSION CA [CERT KEY]`."""

import ssl
import sys

import httpx

port, version, ca, *own = sys.argv[1:]
for http2 in (False, True):
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
    if own:
        context.load_cert_chain(*own)
    with httpx.Client(verify=context, http1=not http2, http2=http2, timeout=30, trust_env=False) as client:
        asked = [("GET", "/a", user, b"") for user in ("", "jane", "")] + [("POST", "/up", user, b"x" * 10_000) for user in ("", "jane")]
        for method, path, user, body in asked:
            headers = {"X-User": user} if user else {}
            answer = client.request(method, f"https://localhost:{port}{path}", content=body or None, headers=headers)
            print(answer.http_version[5], answer.status_code, answer.text, end="")
