//! The work that the control plane wants done to real data.
//!
//! The model decides, the data plane does: [`World::take_effects`](super::World::take_effects) hands
//! out work and [`World::finish_effect`](super::World::finish_effect) takes its outcome. Work is
//! addressed by immutable ids, so that renames in between do not matter, and each piece is idempotent:
//! after a restart whatever was not finished is handed out again, in the same order. Work that touches
//! the same volume, the same image (as source or as result) or the same endpoint must be done in the
//! order of its ids; the rest may be done at the same time. A volume may be without a running server
//! when an image is taken of it or its master password is set.

use serde::{Deserialize, Serialize};

use super::{AccountId, EffectId, ImageId, RegionName, Secret, VolumeId};

/// One piece of work with its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Under which its outcome is reported.
    pub id: EffectId,
    /// What is to be done.
    pub work: Work,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Makes an empty volume with a master user.
    CreateVolume {
        /// The new volume.
        volume: VolumeId,
        /// Version of the engine.
        engine_version: String,
        /// Name of the master user.
        master_user: String,
        /// Password of the master user.
        master_password: Secret,
        /// First database, if one is wanted.
        database: Option<String>,
    },
    /// Makes a volume from an image.
    RestoreVolume {
        /// The new volume.
        volume: VolumeId,
        /// What it is made from.
        from: ImageId,
    },
    /// Makes a volume from another one that may be in use.
    CloneVolume {
        /// The new volume.
        volume: VolumeId,
        /// What it is made from.
        from: VolumeId,
    },
    /// Takes a consistent image of a volume that may be in use.
    TakeImage {
        /// The new image.
        image: ImageId,
        /// What it is taken of.
        from: VolumeId,
    },
    /// Copies an image.
    CopyImage {
        /// The new image.
        image: ImageId,
        /// What it is a copy of.
        from: ImageId,
    },
    /// Deletes an image, if it is there.
    DeleteImage {
        /// The image.
        image: ImageId,
    },
    /// Stops the volume's server, if it runs, and deletes the volume, if it is there.
    DeleteVolume {
        /// The volume.
        volume: VolumeId,
    },
    /// Starts the server of a volume.
    StartServer {
        /// The volume.
        volume: VolumeId,
    },
    /// Stops the server of a volume.
    StopServer {
        /// The volume.
        volume: VolumeId,
    },
    /// Restarts the server of a volume, as a reboot of an instance does.
    RestartServer {
        /// The volume.
        volume: VolumeId,
    },
    /// Gives the master user a new password.
    SetMasterPassword {
        /// The volume.
        volume: VolumeId,
        /// Name of the master user.
        user: String,
        /// The new password.
        password: Secret,
    },
    /// Lets a name answer for a volume. The outcome must be [`EffectOutcome::Endpoint`].
    PublishEndpoint {
        /// The name.
        endpoint: EndpointKey,
        /// Whose server answers.
        volume: VolumeId,
    },
    /// Lets a name no longer answer for a volume; nothing is done if it answers for another one by now.
    WithdrawEndpoint {
        /// The name.
        endpoint: EndpointKey,
        /// Whose server answered.
        volume: VolumeId,
    },
}

/// The name of an endpoint. Ports belong to names: the same name has the same port again later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndpointKey {
    /// Account of the cluster.
    pub account: AccountId,
    /// Region of the cluster.
    pub region: RegionName,
    /// Which of the endpoints.
    pub kind: EndpointKind,
    /// Name of the cluster or instance.
    pub name: String,
}

/// Which endpoint of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EndpointKind {
    /// The cluster's endpoint, at the writer.
    ClusterWriter,
    /// The cluster's reader endpoint.
    ClusterReader,
    /// The endpoint of one instance.
    Instance,
}

/// How a piece of work ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EffectOutcome {
    /// It is done.
    Done,
    /// It is done, and this is where the endpoint answers.
    Endpoint {
        /// Host name or address.
        address: String,
        /// TCP port.
        port: u16,
    },
}
