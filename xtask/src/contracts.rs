//! The records of old versions: what was ever written has to be readable forever, so a file of them is never changed, and a
//! test reads each.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::findings::{Finding, Findings, Form};

/// Folders of records, each beside the tests that read them.
const FOLDERS: [&str; 4] =
    ["crates/aws/tests/golden", "crates/core/tests/golden", "crates/local/tests/golden", "crates/ops/tests/golden"];

/// What lies there and is no record: a table of the present code, which changes with it.
const NO_RECORD: &str = "crates/core/tests/golden/transitions.txt";

/// Every record with the digest of its content. A new form gets a new file and a line here; no line is ever edited.
const RECORDS: &[(&str, &str)] = &[
    ("crates/aws/tests/golden/items-v1.jsonl", "d518e6272c93020214770b9d563647a2e9f964b30be361e38e81f2bdaddf13a0"),
    ("crates/aws/tests/golden/packed-v1.jsonl", "517ddfe45a23333908d5de48dee339e7b5c94c6467b7d9493b21bd1a683c02a4"),
    (
        "crates/core/tests/golden/journal-v1-swap.jsonl",
        "5951743e9f0eb59b89d7d2feead23865d7261313b968cb47b1195c25d55b7566",
    ),
    (
        "crates/core/tests/golden/journal-v2-swap.jsonl",
        "7397b061f9d0a251d442bbc7f50a1bbacdd0a95b9dc3c216c446d2f0620e6d3f",
    ),
    (
        "crates/core/tests/golden/journal-v2-waived.jsonl",
        "bf3e96f828dbfb45a1fd274934f888e4df5bf7cdc426cf82e397df71b3f0f5b7",
    ),
    ("crates/core/tests/golden/state-v1.jsonl", "66c841de60038866f8511077705b029aafb6bb99706e4ba8536b1ce0373d67c5"),
    (
        "crates/local/tests/golden/journal-form-1.sqlite",
        "de218d236d53ba53cfd56c8ba37e93f245e3ae0b36365af10512bfc1fbdc9144",
    ),
    (
        "crates/local/tests/golden/journal-form-2.sqlite",
        "4ef3e10817f1361c9b57e9a0df9b1d595bb8e67f50abf6be06d42d2ab831f432",
    ),
    (
        "crates/local/tests/golden/journal-form-3.sqlite",
        "227d043ff0cf5a59e5d5f8818c07031b03ad4fa54260e8287a47cc3ad32aa924",
    ),
    (
        "crates/local/tests/golden/journal-form-4.sqlite",
        "893cdbcadba7442de8ebc050400ae673a0319435df81915ca5916fb39de99dca",
    ),
    ("crates/ops/tests/golden/changes-v1.jsonl", "750f70e93f7700e73d2887bde9d8d4e6184e5018a92da178f9778dcfc9c5ee52"),
    (
        "crates/ops/tests/golden/stack-backup-v1.jsonl",
        "df2c291f1f0ce847c18996d1aef245915c4761671d9cec313d078a2fb4e71371",
    ),
    ("crates/ops/tests/golden/states-v1.jsonl", "bcb3b6624f25eaa233fa9ecb842413f70f4ae6ba67d9848a689695063bc71b6d"),
];

pub(crate) fn run(root: &Path, form: Form) -> Result<(), String> {
    let found = findings(root, RECORDS)?;
    Findings::new("contracts", format!("{} records", RECORDS.len()), found).tell(form)
}

fn findings(root: &Path, records: &[(&str, &str)]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for (name, digest) in records {
        findings.extend(of_record(root, name, digest)?);
    }
    for folder in FOLDERS {
        for path in files(&root.join(folder))? {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            if name != NO_RECORD && records.iter().all(|(known, _)| *known != name) {
                let mend = format!("add it to the list, with the digest {}", digest_of(&path)?);
                findings.push(Finding::fault(name, "is no known record", mend));
            }
        }
    }
    Ok(findings)
}

fn of_record(root: &Path, name: &str, digest: &str) -> Result<Option<Finding>, String> {
    let path = root.join(name);
    let back = "take it back from git: what old versions wrote does not change";
    if !path.is_file() {
        return Ok(Some(Finding::fault(name, "is gone", back)));
    }
    if digest_of(&path)? != digest {
        return Ok(Some(Finding::fault(name, "is not as it was written", back)));
    }
    let file = path.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
    let crate_folder = path.ancestors().nth(3).ok_or("a record lies in a crate")?;
    let is_read = sources(crate_folder)?.iter().any(|text| names(text, &file));
    Ok((!is_read).then(|| Finding::fault(name, "is read by no test", "write the test that reads it")))
}

/// Whether a source names a file, or puts its name together: `journal-form-{form}.sqlite`.
fn names(source: &str, file: &str) -> bool {
    let Some((stem, number)) = file.rsplit_once('.').and_then(|(stem, _)| stem.rsplit_once('-')) else { return false };
    let is_numbered = number.bytes().all(|byte| byte.is_ascii_digit());
    source.contains(file) || (is_numbered && source.contains(&format!("{stem}-{{")))
}

fn sources(folder: &Path) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    let mut folders = vec![folder.join("src"), folder.join("tests")];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?);
            }
        }
    }
    Ok(texts)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files: Vec<PathBuf> = entries(folder)?.into_iter().filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

/// What is in a folder; nothing in one that is not there.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::read_dir(folder).map_err(told)?.map(|entry| entry.map(|entry| entry.path()).map_err(told)).collect()
}

fn digest_of(path: &Path) -> Result<String, String> {
    let content = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_of_old_versions_are_as_they_were_written_and_are_read() {
        assert_eq!(findings(&crate::root(), RECORDS).unwrap(), []);
    }

    #[test]
    fn a_record_that_is_edited_gone_unknown_or_unread_is_found() {
        let place = tempfile::tempdir().unwrap();
        let (golden, name) = (place.path().join(FOLDERS[1]), "crates/core/tests/golden/state-v1.jsonl");
        fs::create_dir_all(&golden).unwrap();
        fs::write(place.path().join(name), "{}\n").unwrap();
        fs::write(golden.parent().unwrap().join("t.rs"), "include_str!(\"golden/state-v1.jsonl\")").unwrap();
        let digest = digest_of(&place.path().join(name)).unwrap();
        let told = |records: &[(&str, &str)]| {
            findings(place.path(), records).unwrap().into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        let known: &[(&str, &str)] = &[(name, &digest)];
        assert_eq!(told(known), [] as [&str; 0]);
        assert_eq!(told(&[]), ["is no known record"]);
        fs::write(place.path().join(name), "{ }\n").unwrap();
        assert_eq!(told(known), ["is not as it was written"]);
        fs::write(place.path().join(name), "{}\n").unwrap();
        fs::write(golden.parent().unwrap().join("t.rs"), "").unwrap();
        assert_eq!(told(known), ["is read by no test"]);
        fs::remove_file(place.path().join(name)).unwrap();
        assert_eq!(told(known), ["is gone"]);
    }
}
