//! Tables made later are covered: one is made as each owner, looked at, and rolled back.

use aurora_restore_core::ports::{AccessProof, DatabaseError};
use rand::RngExt as _;

use super::{
    super::{Task, membership, objects, privileges},
    list, proof,
};
use crate::{identifier::Quoted, session::Session};

const TRYING: &str = "trying whether a new table would be covered";

/// In how many schemas a table is made as the same owner.
const SCHEMAS_PER_OWNER_MAX: i64 = 20;

/// Proves it in the database of `session`, which is the master's.
pub(super) async fn prove(
    session: &Session,
    task: &Task<'_>,
    database: &str,
) -> Result<Vec<AccessProof>, DatabaseError> {
    if task.application().is_none() && task.reader().is_none() {
        return Ok(Vec::new());
    }
    session.run(TRYING, "BEGIN").await?;
    let mut ours = objects::list(session).await?;
    ours.retain(|object| !object.belongs_to_engine());
    let mut schemas: Vec<String> = ours.iter().map(|object| object.schema.clone()).collect();
    schemas.retain(|schema| task.chooses(schema));
    schemas.dedup();
    let mut proofs = Vec::new();
    for owner in privileges::owners(session, task, &ours).await? {
        membership::join(session, task.borrower(), &owner).await?;
        for schema in where_it_creates(session, &owner, &schemas).await? {
            proofs.push(try_one(session, task, database, &owner, &schema).await?);
        }
    }
    // With the tables the borrowed rights go too.
    session.run(TRYING, "ROLLBACK").await?;
    Ok(proofs)
}

/// Schemas that have default privileges of their own come first: there something may differ from what was set.
async fn where_it_creates(session: &Session, owner: &str, schemas: &[String]) -> Result<Vec<String>, DatabaseError> {
    let sql = "SELECT n.nspname::text FROM pg_namespace AS n WHERE n.nspname = ANY($2) \
               AND has_schema_privilege($1::name, n.oid, 'CREATE') \
               AND has_schema_privilege($1::name, n.oid, 'USAGE') \
               ORDER BY EXISTS (SELECT FROM pg_default_acl WHERE defaclnamespace = n.oid) DESC, n.nspname LIMIT $3";
    session.names(TRYING, sql, &[&owner, &schemas, &SCHEMAS_PER_OWNER_MAX]).await
}

async fn try_one(
    session: &Session,
    task: &Task<'_>,
    database: &str,
    owner: &str,
    schema: &str,
) -> Result<AccessProof, DatabaseError> {
    let name = format!("aurora_restore_probe_{:016x}", rand::rng().random::<u64>());
    let probe = Quoted::member(schema, &name);
    let claim = format!("new tables of `{owner}` in `{schema}` of `{database}` are covered");
    let create = format!(
        "SAVEPOINT probe; SET LOCAL ROLE {}; CREATE TABLE {probe} (id serial); RESET ROLE",
        Quoted::name(owner)
    );
    if let Err(refusal) = session.attempt(TRYING, &create).await? {
        session.run(TRYING, "ROLLBACK TO SAVEPOINT probe").await?;
        return Ok(proof(claim, Some(refusal.to_string())));
    }
    // Roles that are not wanted are null, and so is every answer about them.
    let sql = "
        WITH made AS (SELECT $1::text::regclass AS made, $2::text::regclass AS counter)
        SELECT told FROM made CROSS JOIN LATERAL (VALUES
            (NOT has_table_privilege($3::name, made, 'SELECT'), 'the application cannot read it'),
            (NOT has_table_privilege($3::name, made, 'INSERT'), 'the application cannot insert'),
            (NOT has_table_privilege($3::name, made, 'UPDATE'), 'the application cannot update'),
            (NOT has_table_privilege($3::name, made, 'DELETE'), 'the application cannot delete'),
            (NOT has_sequence_privilege($3::name, counter, 'USAGE'), 'the application cannot use its sequence'),
            (NOT has_table_privilege($4::name, made, 'SELECT'), 'the reader cannot read it'),
            (has_table_privilege($4::name, made, 'INSERT, UPDATE, DELETE, TRUNCATE'), 'the reader can write'),
            (has_sequence_privilege($4::name, counter, 'USAGE, UPDATE'), 'the reader can advance its sequence')
        ) AS finding (against, told) WHERE against";
    let (table, counter) = (probe.to_string(), Quoted::member(schema, &format!("{name}_id_seq")).to_string());
    let against = session.names(TRYING, sql, &[&table, &counter, &task.application(), &task.reader()]).await?;
    Ok(proof(claim, list("but", &against)))
}
