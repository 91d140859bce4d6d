"""What a program does with the official Python client, run by clients.test.ts inside the daemon's network namespace.

It takes the step that its argument names, with the kubeconfig that $KUBECONFIG names, and prints what it saw as one line of JSON. It
judges nothing.
"""
import json
import sys

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import NotFoundError
from kubernetes.stream import stream

config.load_kube_config()
core = client.CoreV1Api()
NAMESPACE = "default"
LABEL = "from=python"


def config_map(name, **data):
    metadata = client.V1ObjectMeta(name=name, labels={"from": "python"})
    return client.V1ConfigMap(metadata=metadata, data=data)


def typed():
    created = core.create_namespaced_config_map(NAMESPACE, config_map("typed", color="red"))
    listed = [each.metadata.name for each in core.list_namespaced_config_map(NAMESPACE, label_selector=LABEL).items]
    patched = core.patch_namespaced_config_map("typed", NAMESPACE, {"data": {"size": "large"}})
    replaced = core.replace_namespaced_config_map("typed", NAMESPACE, config_map("typed", color="green"))
    try:
        stale = core.replace_namespaced_config_map("typed", NAMESPACE, created)
    except ApiException as error:
        stale = [error.status, json.loads(error.body)["reason"]]
    deleted = core.delete_namespaced_config_map("typed", NAMESPACE)
    try:
        missing = core.read_namespaced_config_map("typed", NAMESPACE)
    except ApiException as error:
        missing = [error.status, json.loads(error.body)["reason"]]
    return {
        "createdInYear": created.metadata.creation_timestamp.year > 2000,
        "listed": listed,
        "patched": patched.data,
        "replaced": replaced.data,
        "stale": stale,
        "deleted": deleted.status,
        "missing": missing,
        "everyKind": every_kind(),
    }


def every_kind():
    """Lists whose items the typed client refuses where a field that it requires is missing."""
    lists = {
        "nodes": core.list_node,
        "namespaces": core.list_namespace,
        "pods": core.list_pod_for_all_namespaces,
        "services": core.list_service_for_all_namespaces,
        "endpoints": core.list_endpoints_for_all_namespaces,
        "endpointslices": client.DiscoveryV1Api().list_endpoint_slice_for_all_namespaces,
        "events": core.list_event_for_all_namespaces,
        "leases": client.CoordinationV1Api().list_lease_for_all_namespaces,
        "serviceaccounts": core.list_service_account_for_all_namespaces,
    }
    return {name: len(items().items) > 0 for name, items in lists.items()}


def untyped():
    objects = dynamic.DynamicClient(client.ApiClient())
    maps = objects.resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dynamic", "labels": {"from": "python"}}}
    maps.create(body=body, namespace=NAMESPACE)
    patch = {"metadata": {"name": "dynamic"}, "data": {"color": "red"}}
    patched = maps.patch(body=patch, namespace=NAMESPACE, content_type="application/merge-patch+json")
    listed = [each.metadata.name for each in maps.get(namespace=NAMESPACE, label_selector=LABEL).items]
    seen = []
    for event in maps.watch(namespace=NAMESPACE, label_selector=LABEL, timeout=30):
        seen.append(f"{event['type']} {event['object'].metadata.name}")
        if event["type"] == "DELETED":
            break
        maps.delete(name="dynamic", namespace=NAMESPACE)
    try:
        missing = maps.get(name="dynamic", namespace=NAMESPACE).metadata.name
    except NotFoundError as error:
        missing = error.status
    return {
        "version": int(objects.version["kubernetes"]["major"]),
        "patched": patched.to_dict()["data"],
        "listed": listed,
        "seen": seen,
        "missing": missing,
    }


def watched():
    seen = []
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.create_namespaced_config_map(NAMESPACE, config_map("watched"))
    core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"round": "2"}})
    core.delete_namespaced_config_map("watched", NAMESPACE)
    events = watch.Watch()
    arguments = {"label_selector": LABEL, "resource_version": version, "timeout_seconds": 30}
    for event in events.stream(core.list_namespaced_config_map, NAMESPACE, **arguments):
        seen.append(f"{event['type']} {event['object'].metadata.name}")
        if event["type"] == "DELETED":
            events.stop()
    return seen


def executed():
    command = ["sh", "-c", "read line; echo $line; echo err >&2; exit 3"]
    streams = {"stdin": True, "stdout": True, "stderr": True, "tty": False, "_preload_content": False}
    connect = core.connect_get_namespaced_pod_exec
    execution = stream(connect, "tools", NAMESPACE, container="app", command=command, **streams)
    execution.write_stdin("hello\n")
    execution.run_forever(timeout=30)
    return {"stdout": execution.read_stdout(), "stderr": execution.read_stderr(), "exitCode": execution.returncode}


def logged():
    return core.read_namespaced_pod_log("tools", NAMESPACE, container="app", tail_lines=1)


STEPS = {"typed": typed, "untyped": untyped, "watch": watched, "exec": executed, "log": logged}
print(json.dumps(STEPS[sys.argv[1]]()))
