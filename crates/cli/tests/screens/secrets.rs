//! `secrets rotate` and `keys review`: what is refused before anybody is asked anything.

use insta::assert_snapshot;

use crate::harness::{COMPLETE, Home};

#[test]
fn what_a_rotation_needs_is_named() {
    let home = Home::with_config("[target]\nregion = \"eu-central-1\"\n");
    assert_snapshot!(home.screen(&["secrets", "rotate", "staging/users"]), @r#"
    $ aurora-restore secrets rotate staging/users
    --- stderr
    error: `target.cluster` is not set
    hint: Set it in the configuration file, with `--set target.cluster=…`, or with the environment variable AURORA_RESTORE_TARGET_CLUSTER.
    error: `secrets.master` is not set
    hint: Set it in the configuration file, with `--set secrets.master=…`, or with the environment variable AURORA_RESTORE_SECRETS_MASTER.
    --- exit 3
    "#);
    assert_eq!(home.exit(&["secrets", "rotate", "staging/users", "--target", "-x"]), 2);
    assert_eq!(home.exit(&["secrets", "rotate"]), 2);
    assert_eq!(home.exit(&["secrets", "rotate", "two words"]), 2);
}

#[test]
fn the_secret_of_another_cluster_is_refused() {
    let home = Home::with_config(&format!("{COMPLETE}source-master = \"production/master\"\n"));
    let before = home.files();
    assert_snapshot!(home.screen(&["secrets", "rotate", "production/master", "--yes"]), @r#"
    $ aurora-restore secrets rotate production/master --yes
    --- stderr
    error: secret `production/master` is of another cluster than staging
    hint: It is `secrets.source-master`: rotate it where that cluster is the target. Nothing was changed.
    --- exit 2
    "#);
    assert_eq!(home.files(), before);
}

#[test]
fn a_review_of_no_key_is_refused() {
    let home = Home::with_config(COMPLETE);
    assert_snapshot!(home.screen(&["keys", "review"]), @r#"
    $ aurora-restore keys review
    --- stderr
    error: there is no key to look at
    hint: Name one with --key, set `copy.kms-key`, or give --stack.
    --- exit 2
    "#);
}
