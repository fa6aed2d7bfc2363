from tests.api.conftest import Api


def test_it_goes_through(full: Api) -> None:
    for path in (
        "/v1/jobs",
        "/v1/gold/processes",
        "/v1/gold/facts/award?limit=1",
        "/v1/search?q=road&facet_by=buyer,category",
        "/v1/search/suggest?q=ro",
        "/openapi.json",
        "/health/ready",
    ):
        answer = full.client.get(path)
        print(path, answer.status_code, answer.text[:1500], "\n")
