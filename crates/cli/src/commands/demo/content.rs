//! What is in the databases: a shop with customers, products, orders and their lines, personal data among them.

use postgres_protocol::{escape::escape_identifier, password::scram_sha_256};
use tokio_postgres::Client;

use super::secret_files::{Cast, Role};
use crate::error::CommandError;

/// The tables whose rows are compared.
pub(super) const TABLES: [&str; 4] = ["customers", "products", "orders", "order_lines"];

const SCHEMA: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE shop.about (note text NOT NULL);
    CREATE TABLE shop.customers (
        id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL, phone text, iban text, born date);
    CREATE TABLE shop.products (id bigint PRIMARY KEY, name text NOT NULL, cents bigint NOT NULL);
    CREATE TABLE shop.orders (
        id bigint PRIMARY KEY, customer_id bigint NOT NULL, placed_at timestamptz NOT NULL, address text NOT NULL);
    CREATE TABLE shop.order_lines (
        order_id bigint NOT NULL, line int NOT NULL, product_id bigint NOT NULL, pieces int NOT NULL,
        PRIMARY KEY (order_id, line));";

const CONSTRAINTS: &str = "
    CREATE INDEX ON shop.orders (customer_id);
    CREATE UNIQUE INDEX ON shop.customers (email);
    ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers;
    ALTER TABLE shop.order_lines ADD FOREIGN KEY (order_id) REFERENCES shop.orders;
    ALTER TABLE shop.order_lines ADD FOREIGN KEY (product_id) REFERENCES shop.products;
    ANALYZE;";

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    pub(super) orders: u32,
}

/// Fills an empty database with a shop.
pub(super) async fn fill(client: &Client, amount: Amount, note: &str) -> Result<(), CommandError> {
    let Amount { orders } = amount;
    let customers = (orders / 10).max(1);
    let products = 500;
    let rows = format!(
        "INSERT INTO shop.customers SELECT n, 'Customer ' || n, 'customer' || n || '@example.com',
             '+49 30 ' || (1000000 + n), 'DE' || lpad(n::text, 20, '0'), date '1950-01-01' + (n % 20000)::int
             FROM generate_series(1, {customers}) AS n;
         INSERT INTO shop.products SELECT n, 'Product ' || n, 100 + n * 7 FROM generate_series(1, {products}) AS n;
         INSERT INTO shop.orders SELECT n, 1 + n % {customers}, now() - n * interval '1 minute', n || ' Main Street'
             FROM generate_series(1, {orders}) AS n;
         INSERT INTO shop.order_lines SELECT 1 + n / 2, n % 2, 1 + n % {products}, 1 + n % 5
             FROM generate_series(0, {orders} * 2 - 1) AS n;"
    );
    run(client, "making the tables", SCHEMA).await?;
    run(client, "filling the tables", &rows).await?;
    run(client, "adding keys and indexes", CONSTRAINTS).await?;
    client
        .execute("INSERT INTO shop.about VALUES ($1)", &[&note])
        .await
        .map_err(|error| told("leaving a note", error))?;
    Ok(())
}

/// Lets more happen in production: new orders, and a note that tells.
pub(super) async fn go_on(client: &Client, note: &str) -> Result<(), CommandError> {
    let more = "
        INSERT INTO shop.orders SELECT top.id + n, 1, now(), n || ' Side Street'
            FROM (SELECT max(id) AS id FROM shop.orders) AS top, generate_series(1, 1000) AS n";
    run(client, "adding orders", more).await?;
    client.execute("UPDATE shop.about SET note = $1", &[&note]).await.map_err(|error| told("leaving a note", error))?;
    Ok(())
}

/// The logins of production: the application's, an analyst's, and one that everybody has forgotten.
pub(super) async fn let_in_production(client: &Client, cast: &Cast) -> Result<(), CommandError> {
    writer(client, &cast.production_app).await?;
    reader(client, &cast.analyst).await?;
    reader(client, &cast.contractor).await
}

/// The logins of staging.
pub(super) async fn let_in_staging(client: &Client, cast: &Cast) -> Result<(), CommandError> {
    writer(client, &cast.staging_app).await?;
    reader(client, &cast.staging_reader).await
}

async fn writer(client: &Client, role: &Role) -> Result<(), CommandError> {
    login(client, role, "SELECT, INSERT, UPDATE, DELETE").await
}

async fn reader(client: &Client, role: &Role) -> Result<(), CommandError> {
    login(client, role, "SELECT").await
}

/// The server gets a verifier that is computed here; the password itself stays with us.
async fn login(client: &Client, role: &Role, may: &str) -> Result<(), CommandError> {
    let name = escape_identifier(&role.name);
    let verifier = scram_sha_256(role.password.as_bytes());
    let sql = format!(
        "CREATE ROLE {name} LOGIN PASSWORD '{verifier}';
         GRANT USAGE ON SCHEMA shop TO {name};
         GRANT {may} ON ALL TABLES IN SCHEMA shop TO {name};"
    );
    run(client, "making a login", &sql).await
}

/// How many rows each table has.
pub(super) async fn count(client: &Client) -> Result<Vec<u64>, CommandError> {
    let mut counts = Vec::new();
    for table in TABLES {
        let sql = format!("SELECT count(*) FROM shop.{table}");
        let row = client.query_one(&sql, &[]).await.map_err(|error| told("counting rows", error))?;
        counts.push(u64::try_from(row.get::<_, i64>(0)).unwrap_or_default());
    }
    Ok(counts)
}

/// The note of a shop.
pub(super) async fn note(client: &Client) -> Result<String, tokio_postgres::Error> {
    Ok(client.query_one("SELECT note FROM shop.about", &[]).await?.get(0))
}

async fn run(client: &Client, doing: &str, sql: &str) -> Result<(), CommandError> {
    client.batch_execute(sql).await.map_err(|error| told(doing, error))
}

fn told(doing: &str, error: tokio_postgres::Error) -> CommandError {
    CommandError::failed(format!("{doing} failed")).caused_by(error)
}
