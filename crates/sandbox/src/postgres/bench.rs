//! Measures images and restores against `cp -r` of the same data directory, side by side.
//!
//! The plain copy is made of an image, because the directory of a server that has worked also holds old log files
//! that an image leaves out: copying those too would flatter us.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::error::DataPlaneError;
use super::plane::{DataPlane, DataPlaneOptions};
use super::session::Session;
use crate::model::{ImageId, Secret, VolumeId};

const SOURCE: VolumeId = VolumeId(1);
const RESTORED: VolumeId = VolumeId(2);
const REFERENCE: ImageId = ImageId(1);
const IMAGE: ImageId = ImageId(2);
/// The data lies in a few tables, as in a small application.
const TABLES: u64 = 4;
/// What a row of the filling takes on disk, about.
const ROW_BYTES: u64 = 1024;

/// What was measured.
#[derive(Clone, Debug)]
pub struct CopyBench {
    /// The size of the data directory that was copied.
    pub data_bytes: u64,
    /// The rounds, in order.
    pub rounds: Vec<CopyRound>,
}

/// How long each of the three took in one round.
#[derive(Clone, Copy, Debug)]
pub struct CopyRound {
    /// `cp -r` of the data directory, beside the image.
    pub copy_beside_image: Duration,
    /// An image of the running volume.
    pub take_image: Duration,
    /// `cp -r` of the data directory, beside the restore.
    pub copy_beside_restore: Duration,
    /// A volume from that image, until its server takes connections.
    pub restore: Duration,
}

impl CopyBench {
    /// The median of what an image took, as a multiple of `cp -r` in the same round.
    pub fn image_ratio(&self) -> f64 {
        median(self.rounds.iter().map(|round| ratio(round.take_image, round.copy_beside_image)))
    }

    /// The median of what a restore took, as a multiple of `cp -r` in the same round.
    pub fn restore_ratio(&self) -> f64 {
        median(self.rounds.iter().map(|round| ratio(round.restore, round.copy_beside_restore)))
    }
}

/// Fills a cluster with about `bytes` and measures `rounds` rounds. `options` must name a directory without a
/// sandbox; what is made in it is deleted again.
pub async fn measure_copies(
    options: &DataPlaneOptions,
    bytes: u64,
    rounds: usize,
) -> Result<CopyBench, DataPlaneError> {
    let plane = DataPlane::open(options)?;
    let password = Secret::new(format!("bench-{}", std::process::id()));
    plane.create_volume(SOURCE, "bench", &password, None).await?;
    fill(&plane, bytes).await?;
    plane.take_image(REFERENCE, SOURCE).await?;
    let data = plane.0.layout.image(REFERENCE).data();
    let mut measured = Vec::with_capacity(rounds);
    for round in 0..rounds {
        measured.push(measure_round(&plane, &data, round % 2 == 0).await?);
    }
    let data_bytes = size_of(&data)?;
    plane.delete_image(REFERENCE).await?;
    plane.delete_volume(SOURCE).await?;
    plane.shutdown().await?;
    Ok(CopyBench { data_bytes, rounds: measured })
}

async fn fill(plane: &DataPlane, bytes: u64) -> Result<(), DataPlaneError> {
    let port = plane.run(SOURCE).await?;
    let session = Session::open(plane.0.layout.run(), port, "postgres").await?;
    let rows = bytes / ROW_BYTES / TABLES;
    for table in 1..=TABLES {
        // Short of the size from which values are compressed. The administrator's session looks for names in the catalogue alone.
        let sql = format!(
            "CREATE TABLE public.filling_{table} (id bigint, filling text); \
             INSERT INTO public.filling_{table} SELECT i, repeat(md5(i::text), 30) FROM generate_series(1, {rows}) AS i; \
             ALTER TABLE public.filling_{table} ADD PRIMARY KEY (id)"
        );
        session.run("fill a table", &sql).await?;
    }
    session.run("vacuum", "VACUUM ANALYZE").await?;
    session.run("write a checkpoint", "CHECKPOINT").await
}

/// Each of the two is measured right beside a plain copy: memory that was just given back is quick to use again, so
/// whoever comes second is at an advantage. Therefore the order changes with every round.
async fn measure_round(plane: &DataPlane, data: &Path, plain_first: bool) -> Result<CopyRound, DataPlaneError> {
    let mut copies = [Duration::ZERO; 2];
    if plain_first {
        copies[0] = copy_plainly(plane, data).await?;
    }
    let begun = begin().await?;
    plane.take_image(IMAGE, SOURCE).await?;
    let take_image = begun.elapsed();
    plane.delete_image(IMAGE).await?;
    copies[usize::from(plain_first)] = copy_plainly(plane, data).await?;
    let begun = begin().await?;
    plane.restore_volume(RESTORED, REFERENCE).await?;
    let restore = begun.elapsed();
    plane.delete_volume(RESTORED).await?;
    if !plain_first {
        copies[1] = copy_plainly(plane, data).await?;
    }
    Ok(CopyRound { copy_beside_image: copies[0], take_image, copy_beside_restore: copies[1], restore })
}

/// Lets the disk catch up, so that nobody pays for what was written before, and looks at the clock.
async fn begin() -> Result<Instant, DataPlaneError> {
    tokio::task::spawn_blocking(nix::unistd::sync).await?;
    Ok(Instant::now())
}

async fn copy_plainly(plane: &DataPlane, data: &Path) -> Result<Duration, DataPlaneError> {
    let (from, place) = (data.to_path_buf(), plane.0.layout.images().join(".new-plain"));
    let begun = begin().await?;
    tokio::task::spawn_blocking(move || {
        let status = Command::new("cp")
            .arg("-r")
            .args([&from, &place])
            .stdin(Stdio::null())
            .status()
            .map_err(DataPlaneError::io("run", Path::new("cp")))?;
        let taken = begun.elapsed();
        std::fs::remove_dir_all(&place).map_err(DataPlaneError::io("remove", &place))?;
        match status.success() {
            true => Ok(taken),
            false => Err(DataPlaneError::Program { program: "cp", reason: status.to_string() }),
        }
    })
    .await?
}

fn size_of(directory: &Path) -> Result<u64, DataPlaneError> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory).map_err(DataPlaneError::io("list", directory))? {
        let path = entry.map_err(DataPlaneError::io("list", directory))?.path();
        let metadata = std::fs::symlink_metadata(&path).map_err(DataPlaneError::io("look at", &path))?;
        bytes += if metadata.is_dir() { size_of(&path)? } else { metadata.len() };
    }
    Ok(bytes)
}

fn ratio(this: Duration, that: Duration) -> f64 {
    this.as_secs_f64() / that.as_secs_f64()
}

/// The middle one; of an even number, the upper of the two in the middle, which flatters nobody.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_a_round_and_then_the_median() {
        let round = |plain, image, restore| CopyRound {
            copy_beside_image: Duration::from_millis(plain),
            copy_beside_restore: Duration::from_millis(plain),
            take_image: Duration::from_millis(image),
            restore: Duration::from_millis(restore),
        };
        let rounds = vec![round(100, 200, 50), round(1000, 1000, 2000), round(10, 30, 10)];
        let bench = CopyBench { data_bytes: 1, rounds };
        assert_eq!(bench.image_ratio(), 2.0);
        assert_eq!(bench.restore_ratio(), 1.0);
    }
}
