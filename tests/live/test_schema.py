"""Protects the schema: upgrades that can be repeated and refuse what they do
not know, grants of one stage that do not reach another's work, and the
constraints that a mistake elsewhere must run into."""
from conftest import Hub


def test_upgrade_twice_changes_nothing(empty_database, tmp_path, processes):
    hub = Hub(empty_database, tmp_path / "h", processes)
    first = hub.ctl("schema", "upgrade").stdout
    assert "migration applied: 1 start" in first
    before = empty_database.query("SELECT * FROM schema_migration ORDER BY 1")
    second = hub.ctl("schema", "upgrade").stdout
    assert "applied" not in second and "partitions made: 0" in second
    assert before == empty_database.query(
        "SELECT * FROM schema_migration ORDER BY 1")
    assert hub.ctl("schema", "check").returncode == 0
