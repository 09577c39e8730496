use super::*;

fn flags(given: &[(&str, &str)]) -> Flags {
    let key = |name: &str| KEYS.iter().find(|key| key.name == name).unwrap();
    Flags { config: None, given: given.iter().map(|(name, value)| (key(name), (*value).to_owned())).collect() }
}

fn environment(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn file(text: &str) -> (tempfile::TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Flags { config: Some(path), given: Vec::new() })
}

#[test]
fn every_bad_value_names_itself_and_what_is_allowed() {
    let table = [
        ("data_folder", ""),
        ("database_url", "mysql://host/db"),
        ("database_url", "sqlite:"),
        ("database_url", "sqlite::memory:"),
        ("database_url", "sqlite:a.db?mode=rwc"),
        ("database_url", "postgres://"),
        ("database_url", "/var/lib/tallyman.db"),
        ("key_file", ""),
        ("listen", "8080"),
        ("listen", "localhost"),
        ("listen", "127.0.0.1:99999"),
        ("tls", "maybe"),
        ("tls_names", "a b"),
        ("tls_certificate", ""),
        ("tls_key", ""),
        ("max_connections", "0"),
        ("max_connections", "many"),
        ("max_connections", "501"),
        ("max_connections", "-3"),
        ("outbox_allow_private_hosts", "10.0.0.0/99"),
        ("label_folder", ""),
        ("log_level", "loud"),
        ("log_format", "xml"),
        ("warehouse_name", ""),
        ("warehouse_name", "a\nb"),
        ("time_zone", "Mars/Olympus"),
    ];
    for (name, value) in table {
        let key = KEYS.iter().find(|key| key.name == name).unwrap();
        let variable = format!("TALLYMAN_{}", name.to_uppercase());
        let cases = [
            (Config::load(&flags(&[(name, value)]), []), format!("flag {}", key.flag())),
            (Config::load(&Flags::default(), environment(&[(&variable, value)])), format!("environment {variable}")),
        ];
        for (result, origin) in cases {
            let error = result.expect_err(name).to_string();
            for part in [name, value, &origin, key.allowed] {
                assert!(error.contains(part), "{error} does not say {part}");
            }
        }
    }
    let reached: std::collections::BTreeSet<_> = table.iter().map(|(name, _)| *name).collect();
    assert_eq!(reached.len(), KEYS.len(), "every setting has a bad value here");
}

#[test]
fn flags_go_before_environment_before_file_before_defaults() {
    let (folder, mut flags) = file("listen = \"127.0.0.1:1\"\nlog_level = \"warn\"\nmax_connections = 7\n");
    flags.given = self::flags(&[("listen", "127.0.0.1:3")]).given;
    let variables = environment(&[("TALLYMAN_LISTEN", "127.0.0.1:2"), ("TALLYMAN_LOG_LEVEL", "debug"), ("PATH", "/")]);
    let config = Config::load(&flags, variables).unwrap();
    let s = &config.settings;
    assert_eq!((s.listen.port(), s.log_level.as_str(), s.max_connections), (3, "debug", 7));
    assert_eq!(s.time_zone, None);
    assert_eq!(config.origins["listen"], Origin::Flag("--listen".into()));
    assert_eq!(config.origins["log_level"], Origin::Environment("TALLYMAN_LOG_LEVEL".into()));
    assert_eq!(config.origins["max_connections"], Origin::File(folder.path().join("t.toml")));
    assert_eq!(config.origins.get("time_zone"), None);
}

#[test]
fn a_file_is_refused_with_what_is_wrong_in_it() {
    let (_folder, flags) = file("lisen = \"127.0.0.1:1\"\n");
    let error = Config::load(&flags, []).unwrap_err().to_string();
    assert!(
        error.contains("`lisen`")
            && error.contains("max_connections, outbox_allow_private_hosts")
            && error.contains("t.toml"),
        "{error}"
    );
    let (_folder, flags) = file("listen = \"127.0.0.1:1\"\nkey_file = \n");
    let error = Config::load(&flags, []).unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
    let (_folder, flags) = file("[listen]\nport = 3\n");
    assert!(Config::load(&flags, []).unwrap_err().to_string().contains("allowed is an IP address"));
    let missing = Flags { config: Some(PathBuf::from("/nowhere/t.toml")), given: Vec::new() };
    assert!(Config::load(&missing, []).unwrap_err().to_string().contains("can't be read"));
}

#[test]
fn strange_variables_are_told_and_stop_nothing() {
    let variables = environment(&[("TALLYMAN_PORT", "tcp://10.0.0.1:80"), ("TALLYMAN_TEST_PG", "x")]);
    assert_eq!(Config::load(&Flags::default(), variables).unwrap().strange, ["TALLYMAN_PORT"]);
}

#[test]
fn the_folder_carries_database_and_key_unless_they_are_named() {
    let config = Config::load(&flags(&[("key_file", "/k"), ("data_folder", "/var/lib/tallyman")]), []).unwrap();
    assert_eq!(config.settings.database_url, "sqlite:/var/lib/tallyman/tallyman.db");
    assert_eq!(config.settings.database_file(), Some(Path::new("/var/lib/tallyman/tallyman.db")));
    assert_eq!(config.settings.key_file, PathBuf::from("/k"));
}

#[test]
fn no_password_is_ever_shown() {
    let table = [
        ("postgres://u:secret@h/d", "postgres://u:***@h/d"),
        ("postgres://u:se@cret@h/d", "postgres://u:***@h/d"),
        ("postgres://u@h/d?password=secret&x=1", "postgres://u@h/d?password=***&x=1"),
        ("postgres://h/d?PASSWORD=secret", "postgres://h/d?PASSWORD=***"),
        ("sqlite:a.db", "sqlite:a.db"),
    ];
    for (text, shown) in table {
        assert_eq!(without_password(text), shown);
    }
    let config = Config::load(&flags(&[("database_url", "postgres://u:secret@h/d")]), []).unwrap();
    assert!(!config.to_toml().contains("secret") && config.to_toml().contains("u:***@h"));
    let error = Config::load(&flags(&[("database_url", "mysql://u:secret@h/d")]), []).unwrap_err().to_string();
    assert!(!error.contains("secret") && error.contains("mysql://u:***@h/d"), "{error}");
    let (_folder, flags) = file("database_url = \"postgres://u:secret@h/d\nx\n");
    assert!(!Config::load(&flags, []).unwrap_err().to_string().contains("secret"));
}

#[test]
fn what_is_shown_can_be_read_back() {
    let config = Config::load(&flags(&[("warehouse_name", "仓库 \"1\""), ("listen", "[::]:80")]), []).unwrap();
    let (_folder, flags) = file(&config.to_toml());
    assert_eq!(Config::load(&flags, []).unwrap().settings, config.settings);
}

#[test]
fn the_administrators_page_lists_every_setting() {
    let page = include_str!("../../OPERATIONS.md");
    for key in KEYS {
        assert!(page.contains(&format!("`{}`", key.name)), "OPERATIONS.md doesn't tell of {}", key.name);
    }
}
