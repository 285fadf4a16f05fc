//! Proofs that must break: each test spoils one thing that the set-up does not repair, and finds it named.

use aurora_restore_core::ports::{AccessProof, Database as _, UserSetupOutcome};

use crate::{
    server::Server,
    source::{self, APPLICATION, READER, setup},
};

async fn set_up_after(spoil: &[(&str, &str)]) -> UserSetupOutcome {
    let server = Server::start().await;
    source::populate(&server).await;
    for (database, sql) in spoil {
        server.execute(database, sql).await;
    }
    server.database().set_up_users(&server.master(), &setup()).await.unwrap()
}

fn broken(outcome: &UserSetupOutcome) -> Vec<(&str, &str)> {
    let broken = outcome.proofs.iter().filter(|proof| !proof.holds);
    broken.map(|proof| (proof.claim.as_str(), proof.detail.as_deref().unwrap_or_default())).collect()
}

fn find<'a>(outcome: &'a UserSetupOutcome, claim: &str) -> &'a AccessProof {
    outcome.proofs.iter().find(|proof| proof.claim == claim).unwrap()
}

#[tokio::test]
async fn a_table_that_everybody_may_write_to_breaks_the_reader_s_proofs() {
    let outcome = set_up_after(&[("shop", "GRANT INSERT ON public.notes TO PUBLIC")]).await;
    let claims = [
        (format!("reader `{READER}` cannot write to \"public\".\"notes\" of `shop`"), "the server did it"),
        (format!("reader `{READER}` may write nothing and create nothing in `shop`"), "it may in \"public\".\"notes\""),
    ];
    let expected: Vec<(&str, &str)> = claims.iter().map(|(claim, told)| (claim.as_str(), *told)).collect();
    assert_eq!(broken(&outcome), expected);
}

#[tokio::test]
async fn a_sequence_that_everybody_may_advance_breaks_the_reader_s_proof_without_being_advanced() {
    let spoil = "GRANT USAGE ON SEQUENCE sales.customers_id_seq TO PUBLIC";
    let server = Server::start().await;
    source::populate(&server).await;
    server.execute("shop", spoil).await;
    let value = "SELECT last_value::text FROM sales.customers_id_seq";
    let before = server.text("shop", value).await;
    let outcome = server.database().set_up_users(&server.master(), &setup()).await.unwrap();
    let claim = format!("reader `{READER}` cannot advance \"sales\".\"customers_id_seq\" of `shop`");
    assert!(!find(&outcome, &claim).holds);
    assert_eq!(server.text("shop", value).await, before);
}

#[tokio::test]
async fn a_reader_that_owns_a_table_breaks_its_proof() {
    let create = format!("CREATE ROLE \"{READER}\"");
    let own = format!("CREATE TABLE sales.own (id int); ALTER TABLE sales.own OWNER TO \"{READER}\"");
    let outcome = set_up_after(&[("shop", &create), ("shop", &own)]).await;
    let claim = format!("reader `{READER}` may write nothing and create nothing in `shop`");
    // An owner can always give itself back what was taken.
    assert_eq!(broken(&outcome), [(claim.as_str(), "it may in \"sales\".\"own\"")]);
}

#[tokio::test]
async fn a_default_privilege_of_one_schema_that_lets_the_reader_write_is_found() {
    let create = format!("CREATE ROLE \"{READER}\"");
    let spoil =
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA sales GRANT INSERT ON TABLES TO \"{READER}\"");
    let outcome = set_up_after(&[("shop", &create), ("shop", &spoil)]).await;
    assert_eq!(
        broken(&outcome),
        [("new tables of `shop_owner` in `sales` of `shop` are covered", "but the reader can write")]
    );
}

#[tokio::test]
async fn what_belongs_to_the_engine_is_left_alone_and_said_so() {
    let outcome = set_up_after(&[]).await;
    let claim = format!("application `{APPLICATION}` may read and write every table and sequence of `shop`");
    let proof = find(&outcome, &claim);
    assert!(proof.holds);
    assert_eq!(
        proof.detail.as_deref(),
        Some("left alone, because they belong to the engine: \"public\".\"engine_table\"")
    );
}

#[tokio::test]
async fn a_kept_role_that_is_no_login_is_found() {
    let server = Server::start().await;
    source::populate(&server).await;
    let mut setup = setup();
    setup.keep_logins.push("shop_owner".to_owned());
    let outcome = server.database().set_up_users(&server.master(), &setup).await.unwrap();
    assert_eq!(broken(&outcome), [("kept login `shop_owner` may log in", "it is no login")]);
}
