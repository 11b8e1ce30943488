import json
import threading
from pathlib import Path

import pytest

from xray_assets.serving.control.bodies import ConfigBody
from xray_assets.serving.control.config_document import parse_config
from xray_assets.serving.control.config_store import (
    ConfigStore,
    ConfigStoreError,
    EditedConfig,
    EndpointRecord,
    StoreContent,
)
from xray_assets_tests.serving.server_process import ab_config


def test_what_is_stored_is_read_back_by_another_process(tmp_path: Path) -> None:
    config = parse_config(
        ConfigBody.model_validate(ab_config("a" * 64, "b" * 64)), config_version=1
    )

    def edit(content: StoreContent) -> None:
        content.endpoints["one"] = EndpointRecord(
            "one", "me", 1, 2, active=config, tags=[{"key": "k", "value": "v"}]
        )
        content.last_config_version = 1

    ConfigStore(tmp_path).change(edit)
    content = ConfigStore(tmp_path).read()
    assert content.endpoints["one"].active == config
    assert content.last_config_version == 1


def test_concurrent_changes_are_all_kept(tmp_path: Path) -> None:
    def bump(content: StoreContent) -> None:
        content.last_config_version += 1

    def many() -> None:
        store = ConfigStore(tmp_path)
        for _ in range(25):
            store.change(bump)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ConfigStore(tmp_path).read().last_config_version == 100


def test_a_failed_change_changes_nothing(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path)
    store.change(lambda content: setattr(content, "last_config_version", 5))

    def fail(content: StoreContent) -> None:
        content.last_config_version = 9
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.change(fail)
    assert store.read().last_config_version == 5


def test_a_damaged_store_is_an_error_and_never_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"format": 1')
    with pytest.raises(ConfigStoreError, match="damaged"):
        ConfigStore(tmp_path).read()


def test_an_edited_digest_is_refused_with_what_to_do(tmp_path: Path) -> None:
    store, path = ConfigStore(tmp_path), tmp_path / "config.json"
    config = parse_config(
        ConfigBody.model_validate(ab_config("a" * 64, "b" * 64)), config_version=1
    )
    record = EndpointRecord("one", "me", 1, 2, active=config)
    store.change(lambda content: content.endpoints.update(one=record))
    path.write_text(path.read_text().replace("a" * 64, "c" * 64))
    with pytest.raises(EditedConfig, match="move it away"):
        store.read()
    path.write_text(path.read_text().replace("c" * 64, "a" * 64))
    assert store.read().endpoints["one"].active == config


def test_a_store_of_the_first_release_is_read_and_gets_its_digest(tmp_path: Path) -> None:
    store, path = ConfigStore(tmp_path), tmp_path / "config.json"
    record = {"name": "one", "creator": "me", "created_ms": 1, "updated_ms": 2, "active": None}
    record |= {"pending": None, "pending_pid": 0, "update_state": "NOT_UPDATING"}
    record |= {"update_message": "", "tags": [], "ai_gateway": {}, "description": ""}
    path.write_text(
        json.dumps({"format": 1, "last_config_version": 4, "endpoints": {"one": record}})
    )
    assert store.read().last_config_version == 4
    store.change(lambda content: None)
    assert "sha256" in json.loads(path.read_text())
