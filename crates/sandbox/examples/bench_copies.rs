//! Prints how long an image and a restore take against `cp -r`, as medians of ratios within a round.
//!
//! `cargo run --release --example bench_copies -- DIRECTORY [MIB [ROUNDS [power]]]`
//!
//! With `power` everything reaches the disk before it counts as done, which `cp -r` does not wait for.

use std::error::Error;
use std::io::Write as _;

use aurora_restore_sandbox::postgres::bench::measure_copies;
use aurora_restore_sandbox::postgres::{DataPlaneOptions, Durability, EndpointPorts};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().ok_or("name a directory that does not exist yet")?;
    let mebibytes: u64 = arguments.next().as_deref().unwrap_or("1024").parse()?;
    let rounds: usize = arguments.next().as_deref().unwrap_or("8").parse()?;
    let durability = match arguments.next().as_deref() {
        None => Durability::Process,
        Some("power") => Durability::Power,
        Some(other) => return Err(format!("{other} is not `power`").into()),
    };
    let options = DataPlaneOptions { ports: EndpointPorts::Any, durability, ..DataPlaneOptions::new(&directory) };
    let bench = measure_copies(&options, mebibytes << 20, rounds).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "data directory {} MiB", bench.data_bytes >> 20)?;
    for round in &bench.rounds {
        let [plain, image, other, restore] =
            [round.copy_beside_image, round.take_image, round.copy_beside_restore, round.restore]
                .map(|took| took.as_millis());
        writeln!(out, "cp -r {plain} ms, image {image} ms; cp -r {other} ms, restore {restore} ms")?;
    }
    writeln!(out, "image / cp -r {:.2}", bench.image_ratio())?;
    writeln!(out, "restore / cp -r {:.2}", bench.restore_ratio())?;
    Ok(())
}
