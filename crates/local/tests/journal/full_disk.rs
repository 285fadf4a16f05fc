//! A disk that runs full while the journal is made: whatever room it had, there is no journal afterwards or a sound one.

use aurora_restore_local::SqliteJournal;
use aurora_restore_testing::SmallDisk;

use super::support::names;

#[test]
fn a_disk_that_runs_full_while_the_journal_is_made_leaves_none_or_a_sound_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut made = Vec::new();
    for kibibytes in (40..=480).step_by(8) {
        let Some(disk) = SmallDisk::mount(&directory.path().join(kibibytes.to_string()), kibibytes) else { return };
        let path = disk.path().join("journal.sqlite");
        made.push(SqliteJournal::open(&path).is_ok());
        let left = names(disk.path());
        assert!(left.iter().all(|name| !name.contains("draft")), "{kibibytes} KiB: {left:?}");
        disk.change("size=8m");
        SqliteJournal::open(&path).unwrap_or_else(|error| panic!("{kibibytes} KiB: {error}"));
    }
    assert!(!made[0] && made[made.len() - 1], "the sizes reach from too little to enough: {made:?}");
}
