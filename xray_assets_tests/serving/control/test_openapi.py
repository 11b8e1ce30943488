import httpx

from xray_assets_tests.serving.server_process import Server


def test_the_document_names_every_route_and_its_example_can_be_sent(shared_server: Server) -> None:
    document = httpx.get(f"{shared_server.url}/openapi.json").json()
    prefix = "/api/2.0/serving-endpoints"
    assert {path: sorted(operations) for path, operations in document["paths"].items()} == {
        prefix: ["get", "post"],
        prefix + "/{name}": ["delete", "get"],
        prefix + "/{name}/config": ["put"],
        prefix + "/{name}/ai-gateway": ["put"],
        prefix + "/{name}/tags": ["patch"],
        "/serving-endpoints/{name}/invocations": ["post"],
        "/health": ["get"],
        "/model-info": ["get"],
        "/metrics": ["get"],
    }
    invocation = document["paths"]["/serving-endpoints/{name}/invocations"]["post"]
    example = invocation["requestBody"]["content"]["application/json"]["example"]
    assert shared_server.invoke(example).status_code == 200
