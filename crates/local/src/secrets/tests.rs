//! Secrets in files: where they are, who may read them, what they hold.

use std::os::unix::fs::PermissionsExt;

use aurora_restore_core::secret::Secret;

use super::*;

fn id(text: &str) -> SecretId {
    SecretId::new(text).unwrap()
}

fn document(fields: &[(&str, &str)]) -> SecretDocument {
    SecretDocument { fields: fields.iter().map(|(key, text)| ((*key).to_owned(), Secret::new(*text))).collect() }
}

/// A directory with one secret whose file holds `text` and has `mode`.
fn with_file(text: &str, mode: u32) -> (tempfile::TempDir, FileSecrets) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.json");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let secrets = FileSecrets::new(directory.path());
    (directory, secrets)
}

async fn refusal_of(text: &str) -> String {
    let (_directory, secrets) = with_file(text, 0o600);
    let error = secrets.get(&id("master")).await.unwrap_err();
    assert!(matches!(error, SecretsError::Malformed { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn what_is_put_is_got_and_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let secrets = FileSecrets::new(directory.path().join("secrets"));
    let master = document(&[("username", "postgres"), ("password", "p\"ä\\ss")]);
    secrets.put(&id("staging/master"), &document(&[("password", "former")])).await.unwrap();
    secrets.put(&id("staging/master"), &master).await.unwrap();
    assert_eq!(secrets.get(&id("staging/master")).await.unwrap(), master);

    let path = secrets.path_of(&id("staging/master"));
    assert_eq!(path, directory.path().join("secrets/staging/master.json"));
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&directory.path().join("secrets")), 0o700);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "a draft is left");
}

#[tokio::test]
async fn numbers_are_texts() {
    let (_directory, secrets) = with_file(r#"{"host": "h", "port": 5432}"#, 0o600);
    let found = secrets.get(&id("master")).await.unwrap();
    assert_eq!(found, document(&[("host", "h"), ("port", "5432")]));
}

#[tokio::test]
async fn a_file_that_others_may_use_is_refused_with_the_command_that_mends_it() {
    for mode in [0o640, 0o604, 0o660, 0o610] {
        let (directory, secrets) = with_file(r#"{"password": "hunter2"}"#, mode);
        let error = secrets.get(&id("master")).await.unwrap_err();
        let command = format!("run: chmod 600 '{}'", directory.path().join("master.json").display());
        assert!(matches!(&error, SecretsError::Denied { reason, .. } if reason.contains(&command)), "{error}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_missing_with_the_path_that_was_tried() {
    let (directory, secrets) = with_file("{}", 0o600);
    for name in ["nope", "staging/nope", "master.json/nope"] {
        let error = secrets.get(&id(name)).await.unwrap_err();
        let SecretsError::Missing { store, .. } = &error else { panic!("{error}") };
        assert_eq!(store, &directory.path().join(format!("{name}.json")).display().to_string());
    }
}

#[tokio::test]
async fn what_is_not_an_object_of_texts_is_refused_and_never_quoted() {
    for (text, reason) in [
        (r#""hunter2""#, "not an object of texts"),
        (r#"["hunter2"]"#, "not an object of texts"),
        (r#"{"password": null, "x": "hunter2"}"#, "not an object of texts"),
        (r#"{"password": {"x": "hunter2"}}"#, "not an object of texts"),
        (r#"{"password": "hunter2", "password": "hunter3"}"#, "each key once"),
        (r#"{"password": "hunter2"} hunter2"#, "not JSON"),
        (r#"{"password": hunter2}"#, "not JSON"),
        (r#"{"password": "hunter2"#, "not complete"),
        ("", "not complete"),
    ] {
        let refusal = refusal_of(text).await;
        assert!(refusal.contains(reason), "{text}: {refusal}");
        assert!(!refusal.contains("hunter"), "{refusal}");
    }
}

#[tokio::test]
async fn a_file_that_is_far_too_long_is_refused() {
    let refusal = refusal_of(&format!("{{\"password\": \"{}\"}}", "x".repeat(70_000))).await;
    assert!(refusal.contains("more than 65536 bytes"), "{refusal}");
}

#[test]
fn no_id_leads_out_of_the_directory_and_no_two_share_a_file() {
    let secrets = FileSecrets::new("/secrets");
    let ids = ["a", "a/b", "../a", "..", ".", "/etc/passwd", "a/../../b", "a//b", "%2E", ".a", "ü", "a%", "a:b", "%"];
    let mut paths = std::collections::BTreeSet::new();
    for text in ids {
        let path = secrets.path_of(&id(text));
        assert!(path.starts_with("/secrets"), "{path:?}");
        assert!(path.components().skip(1).all(|c| matches!(c, std::path::Component::Normal(_))), "{path:?}");
        assert!(paths.insert(path), "{text}");
    }
}
