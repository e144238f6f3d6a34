#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# cri.py SOCKET FOLDER - a client of the Container Runtime Interface, as the kubelet is one.
#
# Reads lines "METHOD JSON" and answers each with a line of JSON, {"code": ..., ...} where the call failed.  FOLDER holds
# cri_pb2.py, which protoc made of cri.proto.  "Stream" {"url", "stdin", "until"} is ours: it speaks to what Exec and
# Attach answered, over a WebSocket (v4.channel.k8s.io).
import base64
import json
import os
import socket
import struct
import sys
import urllib.parse

import grpc
from google.protobuf import json_format

sys.path.insert(0, sys.argv[2])
import cri_pb2  # noqa: E402

METHODS = {  # name: request, response
    "Version": ("Nothing", "VersionResponse"),
    "RunPodSandbox": ("RunPodSandboxRequest", "PodID"),
    "PodSandboxStatus": ("PodSandboxStatusRequest", "PodSandboxStatusResponse"),
    "ListPodSandbox": ("Nothing", "ListPodSandboxResponse"),
    "StopPodSandbox": ("PodID", "Nothing"),
    "RemovePodSandbox": ("PodID", "Nothing"),
    "CreateContainer": ("CreateContainerRequest", "ContainerID"),
    "StartContainer": ("ContainerID", "Nothing"),
    "StopContainer": ("StopContainerRequest", "Nothing"),
    "RemoveContainer": ("ContainerID", "Nothing"),
    "ListContainers": ("Nothing", "ListContainersResponse"),
    "ContainerStatus": ("ContainerStatusRequest", "ContainerStatusResponse"),
    "UpdateContainerResources": ("UpdateContainerResourcesRequest", "Nothing"),
    "ExecSync": ("ExecSyncRequest", "ExecSyncResponse"),
    "Exec": ("ExecRequest", "UrlResponse"),
    "Attach": ("AttachRequest", "UrlResponse"),
    "ContainerStats": ("ContainerID", "ContainerStatsResponse"),
}


def call(channel, method, words):
    request, response = (getattr(cri_pb2, name) for name in METHODS[method])
    stub = channel.unary_unary(
        f"/runtime.v1.RuntimeService/{method}",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    try:
        answer = stub(json_format.Parse(words, request()), timeout=60)
    except grpc.RpcError as error:
        return {"code": error.code().name, "details": error.details()}
    answer = json_format.MessageToDict(answer, including_default_value_fields=True, preserving_proto_field_name=True)
    for name in ("stdout", "stderr"):
        if name in answer:
            answer[name] = base64.b64decode(answer[name]).decode(errors="replace")
    return answer


def receive(file, count):
    data = file.read(count)
    if len(data) < count:
        raise EOFError
    return data


def frames(file):
    """RFC 6455, 5.2: what a server sends, whole or in parts, until it closes."""
    while True:
        first, size = receive(file, 2)
        if size >= 126:
            size = struct.unpack("!H" if size == 126 else "!Q", receive(file, 2 if size == 126 else 8))[0]
        data = receive(file, size)
        if first & 15 == 8:
            return
        yield data


def send(connection, data):
    size = bytes([128 | len(data)]) if len(data) < 126 else bytes([128 | 126]) + struct.pack("!H", len(data))
    connection.sendall(b"\x82" + size + bytes(4) + data)  # the mask is 0


def stream(url, stdin, until=None):
    """`until`: what is attached to has no end of its own; leave after these words."""
    parts = urllib.parse.urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=30)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n".encode()
    )
    file = connection.makefile("rb")
    status = file.readline().decode().strip()
    if " 101 " not in status:
        return {"code": status}
    while file.readline().strip():
        pass
    if stdin is not None:
        send(connection, b"\0" + stdin.encode())
    said = {1: b"", 2: b"", 3: b""}
    try:
        for data in frames(file):
            if data:
                said[data[0]] = said.get(data[0], b"") + data[1:]
            if until and until.encode() in said[1]:
                break
    except (EOFError, OSError):
        pass
    connection.close()
    return {"stdout": said[1].decode(errors="replace"), "stderr": said[2].decode(errors="replace"),
            "error": json.loads(said[3] or b"{}")}


def main():
    channel = grpc.insecure_channel(f"unix://{sys.argv[1]}")
    for line in sys.stdin:
        method, words = line.split(" ", 1)
        try:
            answer = stream(**json.loads(words)) if method == "Stream" else call(channel, method, words)
        except (OSError, ValueError, KeyError, json_format.ParseError) as error:
            answer = {"code": "CLIENT", "details": repr(error)}
        print(json.dumps(answer), flush=True)


main()
