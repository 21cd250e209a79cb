"""An S3 server: versitygw over a folder, and a small signing client of our own to look into it.

The program: $WEIR_TEST_VERSITYGW, .deps/bin/versitygw (tools/setup --servers makes it), or in PATH.
"""
import datetime
import hashlib
import hmac
import http.client
import os
import re
import urllib.parse
import xml.etree.ElementTree

from .process import Server, program

_PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_EMPTY = hashlib.sha256(b"").hexdigest()


class S3(Server):
    name = "s3"

    @classmethod
    def find(cls):
        """The program's path."""
        for path in (os.environ.get("WEIR_TEST_VERSITYGW"), os.path.join(_PROJECT, ".deps", "bin", "versitygw")):
            if path and os.access(path, os.X_OK):
                return path
        return program("versitygw")

    def __init__(self, folder=None, port=None, buckets=("lake",), region="us-east-1", access_key="weir-test-key",
                 secret_key="weir-test-secret"):
        self.program = self.find()
        super().__init__(folder, port)
        self.buckets, self.region = tuple(buckets), region
        self.access_key, self.secret_key = access_key, secret_key

    def prepare(self):
        for name in ("objects", "beside"):
            os.makedirs(self.path(name), exist_ok=True)
        self.has_attributes = _keeps_attributes(self.path("objects"))

    def command(self):
        beside = [] if self.has_attributes else ["--sidecar", self.path("beside")]
        return [self.program, "--port", "%s:%d" % (self.host, self.port), "--access", self.access_key, "--secret",
                self.secret_key, "--region", self.region, "--quiet", "--keep-alive", "posix", *beside, self.path("objects")]

    def after_start(self):
        for bucket in self.buckets:
            self.make_bucket(bucket)

    def describe(self):
        endpoint = "http://%s:%d" % (self.host, self.port)
        return {**super().describe(), "endpoint": endpoint, "access_key": self.access_key, "secret_key": self.secret_key,
                "region": self.region, "buckets": list(self.buckets),
                "env": {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                        "AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region, "AWS_ENDPOINT_URL": endpoint,
                        "AWS_ENDPOINT_URL_S3": endpoint}}

    # ---- looking into it ----

    def make_bucket(self, bucket):
        status, body, _ = self.request("PUT", "/" + bucket)
        if status not in (200, 409):
            raise RuntimeError("cannot make the bucket %s: %d %s" % (bucket, status, body[:300]))

    def put(self, bucket, key, body, headers=None):
        """Stores an object; gives its ETag. A refusal is a RuntimeError."""
        status, said, answer = self.request("PUT", "/%s/%s" % (bucket, key), body=body, headers=headers)
        if status != 200:
            raise RuntimeError("PUT %s: %d %s" % (key, status, said[:300]))
        return answer.get("etag")

    def get(self, bucket, key):
        """The object's bytes, or None."""
        status, body, _ = self.request("GET", "/%s/%s" % (bucket, key))
        if status not in (200, 404):
            raise RuntimeError("GET %s: %d %s" % (key, status, body[:300]))
        return body if status == 200 else None

    def delete(self, bucket, key):
        self.request("DELETE", "/%s/%s" % (bucket, key))

    def keys(self, bucket, prefix=""):
        """{key: size in bytes} of all objects below the prefix, in the order of their names."""
        found, token = {}, None
        while True:
            query = {"list-type": "2", "prefix": prefix, **({"continuation-token": token} if token else {})}
            root = self._xml("/" + bucket, query)
            for entry in root.iter("Contents"):
                found[entry.findtext("Key")] = int(entry.findtext("Size"))
            token = root.findtext("NextContinuationToken")
            if not token:
                return dict(sorted(found.items()))

    def uploads(self, bucket):
        """The keys of multipart uploads that were begun and neither completed nor aborted."""
        return [entry.findtext("Key") for entry in self._xml("/" + bucket, {"uploads": ""}).iter("Upload")]

    def remove_bucket(self, bucket):
        """With all that is in it: the bucket that vanishes."""
        for key in self.keys(bucket):
            self.delete(bucket, key)
        self.request("DELETE", "/" + bucket)

    def _xml(self, path, query):
        status, body, _ = self.request("GET", path, query)
        if status != 200:
            raise RuntimeError("GET %s: %d %s" % (path, status, body[:300]))
        return xml.etree.ElementTree.fromstring(re.sub(rb' xmlns="[^"]*"', b"", body, count=1))

    def request(self, method, path, query=None, body=b"", headers=None):
        """One signed request: (status, body, headers in lower case)."""
        target = urllib.parse.quote(path, safe="/-_.~")
        asked = "&".join("%s=%s" % (urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~"))
                         for k, v in sorted((query or {}).items()))
        sent = sign(method, "%s:%d" % (self.host, self.port), target, asked, body, self.access_key, self.secret_key,
                    self.region, headers or {})
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, target + ("?" + asked if asked else ""), body=body or None, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()


def sign(method, host, target, query, body, access_key, secret_key, region, headers):
    """The headers of an AWS Signature Version 4 for S3."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest() if body else _EMPTY
    signed = {**{k.lower(): v for k, v in headers.items()}, "host": host, "x-amz-date": now, "x-amz-content-sha256": digest}
    names = ";".join(sorted(signed))
    canonical = "\n".join([method, target, query, *("%s:%s" % (k, signed[k].strip()) for k in sorted(signed)), "", names, digest])
    scope = "%s/%s/s3/aws4_request" % (now[:8], region)
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret_key).encode()
    for part in (now[:8], region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {**signed, "authorization": "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" %
            (access_key, scope, names, signature)}


def _keeps_attributes(folder):
    try:
        os.setxattr(folder, "user.weir-probe", b"1")
        os.removexattr(folder, "user.weir-probe")
        return True
    except OSError:
        return False
