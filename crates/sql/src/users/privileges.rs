//! What the application and the read-only role may do inside one database, now and with tables made later.

use std::collections::BTreeSet;

use aurora_restore_core::ports::{DatabaseError, SchemaChoice};

use super::{
    Task,
    catalogue::is_engine_role,
    membership,
    objects::{self, Kind, Object},
};
use crate::{
    identifier::{self, Quoted},
    session::Session,
};

/// How many objects one statement names, so that no statement grows without bound.
const OBJECTS_PER_STATEMENT_MAX: usize = 500;

/// Gives both roles their privileges in the database of `session` and takes `CREATE` on the schema `public` from
/// `PUBLIC`. Gives the objects that belong to the engine and were left alone.
pub(crate) async fn grant(session: &Session, task: &Task<'_>, database: &str) -> Result<Vec<Object>, DatabaseError> {
    let doing = format!("giving privileges in the database `{database}`");
    session.run(&doing, "BEGIN").await?;
    let (engine, ours): (Vec<Object>, Vec<Object>) =
        objects::list(session).await?.into_iter().partition(Object::belongs_to_engine);
    let owners = owners(session, task, &ours).await?;
    let mut memberships = Vec::new();
    for owner in &owners {
        memberships.extend(membership::join(session, task.borrower(), owner).await?);
    }
    let mut statements = on_objects(task, &ours);
    statements.extend(defaults(task, &owners, &ours));
    if ours.iter().any(|object| object.kind == Kind::Schema && object.schema == "public") {
        statements.push("REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned());
    }
    for statement in &statements {
        session.run(&doing, statement).await?;
    }
    membership::leave(session, memberships).await?;
    session.run(&doing, "COMMIT").await?;
    Ok(engine.into_iter().filter(|object| task.chooses(&object.schema)).collect())
}

/// Everyone who owns something here and so may make more of it, and the master.
pub(crate) async fn owners(
    session: &Session,
    task: &Task<'_>,
    objects: &[Object],
) -> Result<BTreeSet<String>, DatabaseError> {
    let sql = "SELECT r.rolname::text FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba \
               WHERE d.datname = current_database()";
    let mut owners: BTreeSet<String> = objects.iter().map(|object| object.owner.clone()).collect();
    owners.extend(session.names("looking for the database's owner", sql, &[]).await?);
    owners.insert(task.master.username.clone());
    owners.retain(|owner| !is_engine_role(owner));
    Ok(owners)
}

fn on_objects(task: &Task<'_>, objects: &[Object]) -> Vec<String> {
    let named = |kind: Kind, which: &dyn Fn(&Object) -> bool| -> Vec<Quoted> {
        let matching = objects.iter().filter(|object| object.kind == kind && which(object));
        matching.map(Object::quoted).collect()
    };
    let chosen = |object: &Object| task.chooses(&object.schema);
    let all = |_: &Object| true;
    let mut statements = Vec::new();
    let mut push = |what: &str, objects: &[Quoted], direction: &str, role: &str| {
        for chunk in objects.chunks(OBJECTS_PER_STATEMENT_MAX) {
            let (list, role) = (identifier::list(chunk), Quoted::name(role));
            statements.push(format!("{what} {list} {direction} {role}"));
        }
    };
    if let Some(role) = task.application() {
        push("GRANT USAGE ON SCHEMA", &named(Kind::Schema, &chosen), "TO", role);
        let tables = named(Kind::Table, &chosen);
        push("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE", &tables, "TO", role);
        let sequences = named(Kind::Sequence, &chosen);
        push("GRANT USAGE, SELECT, UPDATE ON SEQUENCE", &sequences, "TO", role);
    }
    if let Some(role) = task.reader() {
        // A reader that came with the source may have been allowed more.
        push("REVOKE ALL ON SCHEMA", &named(Kind::Schema, &all), "FROM", role);
        push("REVOKE ALL ON TABLE", &named(Kind::Table, &all), "FROM", role);
        push("REVOKE ALL ON SEQUENCE", &named(Kind::Sequence, &all), "FROM", role);
        push("GRANT USAGE ON SCHEMA", &named(Kind::Schema, &chosen), "TO", role);
        push("GRANT SELECT ON TABLE", &named(Kind::Table, &chosen), "TO", role);
    }
    statements
}

/// Default privileges of every owner. Without a choice of schemas they hold for schemas made later too.
fn defaults(task: &Task<'_>, owners: &BTreeSet<String>, objects: &[Object]) -> Vec<String> {
    let (within, everywhere) = match &task.setup.schemas {
        SchemaChoice::AllUserSchemas => (String::new(), true),
        SchemaChoice::Only(_) => {
            let schemas = objects.iter().filter(|object| object.kind == Kind::Schema && task.chooses(&object.schema));
            let schemas: Vec<Quoted> = schemas.map(Object::quoted).collect();
            if schemas.is_empty() {
                return Vec::new();
            }
            (format!(" IN SCHEMA {}", identifier::list(&schemas)), false)
        }
    };
    let mut statements = Vec::new();
    for owner in owners {
        let owner = Quoted::name(owner);
        let mut push = |change: String| {
            let prefix = "ALTER DEFAULT PRIVILEGES FOR ROLE";
            statements.push(format!("{prefix} {owner}{within} {change}"));
        };
        if let Some(role) = task.application().map(Quoted::name) {
            push(format!("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"));
            push(format!("GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {role}"));
            if everywhere {
                push(format!("GRANT USAGE ON SCHEMAS TO {role}"));
            }
        }
        if let Some(role) = task.reader().map(Quoted::name) {
            push(format!("REVOKE ALL ON TABLES FROM {role}"));
            push(format!("REVOKE ALL ON SEQUENCES FROM {role}"));
            push(format!("GRANT SELECT ON TABLES TO {role}"));
            if everywhere {
                push(format!("REVOKE ALL ON SCHEMAS FROM {role}"));
                push(format!("GRANT USAGE ON SCHEMAS TO {role}"));
            }
        }
    }
    statements
}
