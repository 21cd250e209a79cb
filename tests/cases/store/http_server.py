#!/usr/bin/env python3
"""The small HTTP server of web_test.c and aws_test.c: http_server.py PORT FOLDER

/noranges/PATH      files, whole, whatever range is asked for
/nohead/PATH        files, but HEAD is refused
/cut/PATH           ranges, but every other answer breaks off in the middle
/s3/bucket/KEY      an S3 that is hard to live with: a PUT works and its answer is lost (the same PUT again meets its
                    condition), completing parts says 200 and InternalError the first time
/put/PATH           PUT, DELETE and GET, with If-None-Match and If-Match
/container          keys of a container role, if the token is right
/latest/...         an instance's metadata (IMDSv2), token needed
POST /              STS: AssumeRoleWithWebIdentity
"""
import hashlib
import http.server
import json
import os
import sys
import urllib.parse

FOLDER = sys.argv[2]
KEYS = {"AccessKeyId": "ROLEKEY", "SecretAccessKey": "role-secret", "Token": "role-token",
        "Expiration": "2099-01-01T00:00:00Z"}


answers = {"cut": 0, "lost": set(), "complete": 0}
objects, parts = {}, {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def file(self):
        kind, _, name = urllib.parse.unquote(self.path.split("?")[0]).lstrip("/").partition("/")
        return kind, os.path.join(FOLDER, name)

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def cut(self, body):
        """A range of the body; half of it and the end of the connection every second time."""
        first, last = (int(word) for word in self.headers["Range"].split("=")[1].split("-"))
        part = body[first:last + 1]
        answers["cut"] += 1
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", "bytes %d-%d/%d" % (first, first + len(part) - 1, len(body)))
        self.send_header("ETag", '"same"')
        self.end_headers()
        if answers["cut"] % 2:
            part = part[:len(part) // 2]
            self.close_connection = True
        self.wfile.write(part)

    def s3(self, body):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        key = urllib.parse.unquote(url.path)
        etag = '"' + hashlib.md5(body).hexdigest() + '"'
        if self.command == "HEAD":
            there = key in objects
            return self.answer(200 if there else 404, ETag=objects.get(key, ("", b""))[0])
        if self.command == "POST" and "uploads" in query:
            parts.clear()
            return self.answer(200, b"<InitiateMultipartUploadResult><UploadId>u 1</UploadId>"
                                    b"</InitiateMultipartUploadResult>")
        if self.command == "PUT" and "partNumber" in query:
            parts[int(query["partNumber"][0])] = (etag, body)
            return self.answer(200, ETag=etag)
        if self.command == "POST":
            answers["complete"] += 1
            if answers["complete"] % 2:
                return self.answer(200, b"<?xml version='1.0'?>\n <Error><Code>InternalError</Code></Error>")
            digests = b"".join(bytes.fromhex(part[0].strip('"')) for _, part in sorted(parts.items()))
            etag = '"%s-%d"' % (hashlib.md5(digests).hexdigest(), len(parts))
            objects[key] = (etag, b"")
            return self.answer(200, ("<CompleteMultipartUploadResult><ETag>%s</ETag>"
                                     "</CompleteMultipartUploadResult>" % etag).encode())
        if self.command == "PUT":
            if self.headers.get("If-None-Match") == "*" and key in objects:
                return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            objects[key] = (etag, body)
            if key not in answers["lost"]:
                answers["lost"].add(key)
                self.close_connection = True
                return None
            return self.answer(200, ETag=etag)
        return self.answer(204)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        kind, path = self.file()
        if kind == "s3":
            return self.s3(b"")
        if kind == "cut":
            return self.cut(self.read(path))
        if kind == "container":
            right = self.headers.get("Authorization") == "container-token"
            return self.answer(200 if right else 401, json.dumps(KEYS).encode() if right else b"")
        if kind == "latest":
            if self.headers.get("X-aws-ec2-metadata-token") != "instance-token":
                return self.answer(401)
            is_role = self.path.endswith("security-credentials/")
            return self.answer(200, b"the-role\n" if is_role else json.dumps(KEYS).encode())
        if kind == "nohead" and self.command == "HEAD":
            return self.answer(405)
        if not os.path.isfile(path):
            return self.answer(404, b"no such file")
        body = self.read(path)
        etag = '"' + hashlib.md5(body).hexdigest() + '"'
        if kind == "nohead" and self.headers.get("Range") == "bytes=0-0":
            return self.answer(206, body[:1], Content_Range="bytes 0-0/%d" % len(body), ETag=etag)
        self.answer(200, body, ETag=etag)

    def do_PUT(self):
        if self.path == "/latest/api/token":
            good = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
            return self.answer(200 if good else 400, b"instance-token")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind, path = self.file()
        if kind == "s3":
            return self.s3(body)
        old = '"' + hashlib.md5(self.read(path)).hexdigest() + '"' if os.path.isfile(path) else None
        if (self.headers.get("If-None-Match") == "*" and old) or \
                (self.headers.get("If-Match") and self.headers["If-Match"] != old):
            return self.answer(412)
        with open(path, "wb") as file:
            file.write(body)
        self.answer(201, b"", ETag='"' + hashlib.md5(body).hexdigest() + '"')

    def do_DELETE(self):
        kind, path = self.file()
        if kind == "s3":
            return self.s3(b"")
        if not os.path.isfile(path):
            return self.answer(404)
        os.remove(path)
        self.answer(204)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.file()[0] == "s3":
            return self.s3(body)
        form = urllib.parse.parse_qs(body.decode())
        if form.get("WebIdentityToken") != ["the web token"] or form.get("RoleArn") != ["arn:aws:iam::1:role/r"]:
            return self.answer(400, b"<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>")
        keys = "".join("<%s>%s</%s>" % (name, value, name) for name, value in
                       (("AccessKeyId", "WEBKEY"), ("SecretAccessKey", "web-secret"),
                        ("SessionToken", "web-session"), ("Expiration", "2099-01-01T00:00:00Z")))
        self.answer(200, ("<AssumeRoleWithWebIdentityResponse><Credentials>%s</Credentials>"
                          "</AssumeRoleWithWebIdentityResponse>" % keys).encode())


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
