//! The four stages. Each looks first, so each may be repeated by whoever comes next.

use aurora_restore_core::{
    ids::{OperationId, SecretId, SecretVersionId},
    ports::{
        DatabaseError, DatabaseErrorKind, DatabaseLogin, Notice, NoticeOutcome, RoleSecret, SecretDocument,
        SecretHistory, SecretVersionsError, Turn, VersionStage,
    },
};

use super::{
    Dependent, Rotation, RotationError, RotationPlan, Stage, Strategy,
    document::{self, Login},
};

/// The database that a secret means if it names none.
const DATABASE_DEFAULT: &str = "postgres";

impl Rotation<'_> {
    /// Does one stage for a version.
    ///
    /// # Errors
    /// [`RotationError`]; the stage can be repeated after any of them.
    pub async fn step(&self, stage: Stage, version: &SecretVersionId) -> Result<(), RotationError> {
        // Who looks and then changes is alone while doing so: of two rotations at once one finds what the other one has done.
        let _turn = if stage == Stage::Test { None } else { Some(self.turn().await?) };
        let history = self.ports.versions.history(self.secret).await?;
        if stage != Stage::Finish && history.bears(version, VersionStage::Current) {
            // Somebody else has finished it meanwhile: there is nothing before the end any more.
            return Ok(());
        }
        match stage {
            Stage::Create => self.create(version, &history).await,
            Stage::Set => self.set(version, &history).await,
            Stage::Test => self.test(version).await,
            Stage::Finish => self.finish(version, &history).await,
        }
    }

    /// Creates the version of a rotation that was planned at rest, if the secret still is as it was planned for.
    ///
    /// # Errors
    /// [`RotationError`]; a conflict where somebody else has rotated it, or begun to, since it was planned. Nothing was changed then.
    pub async fn begin(&self, plan: &RotationPlan, version: &SecretVersionId) -> Result<(), RotationError> {
        let _turn = self.turn().await?;
        let history = self.ports.versions.history(self.secret).await?;
        if history.at(VersionStage::Current) != Some(&plan.current) {
            let reason = "it was rotated since this was planned: look at it again".to_owned();
            return Err(SecretVersionsError::Conflict { id: self.secret.clone(), reason }.into());
        }
        self.create(version, &history).await
    }

    /// Does all stages for a version.
    ///
    /// # Errors
    /// [`RotationError`].
    pub async fn run(&self, version: &SecretVersionId) -> Result<(), RotationError> {
        for stage in Stage::ALL {
            self.step(stage, version).await?;
        }
        Ok(())
    }

    /// The right to change the logins of this database and what is said of them, until it is dropped.
    pub(super) async fn turn(&self) -> Result<Box<dyn Turn>, RotationError> {
        let master = match &self.strategy {
            Strategy::Single => self.master(self.secret).await?,
            Strategy::Alternating { master } => self.master(master).await?,
        };
        Ok(self.ports.logins.turn(&master).await?)
    }

    /// Idempotent because a version that has its content keeps it.
    async fn create(&self, version: &SecretVersionId, history: &SecretHistory) -> Result<(), RotationError> {
        let versions = self.ports.versions;
        if history.at(VersionStage::Pending).is_some() {
            self.must_be_pending(version, history)?;
        }
        if versions.value(self.secret, version).await?.is_some() {
            return self.both(version).await.map(drop);
        }
        let current = self.current().await?;
        let mut logins = self.logins_of(&current)?;
        for login in &mut logins {
            login.role = RoleSecret {
                username: self.next_name(&login.role.username).await?,
                password: versions.random_password(self.secret).await?,
            };
        }
        let next = document::with_logins(&current, &logins);
        // Names of one login may be those of another one's partner: found before anything is set.
        let _checked = self.logins_of(&next)?;
        match versions.put_pending(self.secret, version, &next).await {
            // Somebody else was quicker under the same token: theirs is as good.
            Err(SecretVersionsError::Conflict { .. }) => self.both(version).await.map(drop),
            other => Ok(other?),
        }
    }

    /// Idempotent because a login that works already is left as it is.
    async fn set(&self, version: &SecretVersionId, history: &SecretHistory) -> Result<(), RotationError> {
        self.must_be_pending(version, history)?;
        let (current, pending) = self.both(version).await?;
        for (now, next) in current.logins.iter().zip(&pending.logins) {
            if self.logs_in(&self.login(&next.role, &pending.document)).await? {
                continue;
            }
            match &self.strategy {
                Strategy::Single => self.set_by_itself(&next.role, &pending.document).await?,
                Strategy::Alternating { master } => {
                    let master = self.master(master).await?;
                    self.ports.logins.arm_partner(&master, &now.role.username, &next.role).await?;
                }
            }
        }
        Ok(())
    }

    /// Changes nothing. A version with the logins of the current one is tested, too: where a rotation is set up and not begun,
    /// Secrets Manager asks for this stage alone, for a version that it takes away again.
    async fn test(&self, version: &SecretVersionId) -> Result<(), RotationError> {
        let (current, pending) = (self.current().await?, self.required(version).await?);
        self.alike(&current, &pending)?;
        for login in self.logins_of(&pending)? {
            let _proof = self.ports.database.log_in(&self.login(&login.role, &pending)).await?;
        }
        Ok(())
    }

    /// Idempotent because the labels say how far it has come: people are told before the pending label is taken off.
    async fn finish(&self, version: &SecretVersionId, history: &SecretHistory) -> Result<(), RotationError> {
        let versions = self.ports.versions;
        if !history.bears(version, VersionStage::Current) {
            self.must_be_pending(version, history)?;
            // Whoever asks for the end without what comes before must not make a password current that nobody takes.
            self.test(version).await?;
            let current = history.at(VersionStage::Current).ok_or_else(|| self.refused("no version is current"))?;
            let moved = versions.move_current(self.secret, current, version).await;
            self.unless_done(moved, version, VersionStage::Current, true).await?;
        }
        // If we die here, the label says that nobody was told.
        if versions.history(self.secret).await?.bears(version, VersionStage::Pending) {
            self.tell(version).await?;
            let cleared = versions.clear_pending(self.secret, version).await;
            self.unless_done(cleared, version, VersionStage::Pending, false).await?;
        }
        Ok(())
    }

    /// Only the version that is prepared is set and finished: another one was overtaken, and its password may be in use by nobody.
    fn must_be_pending(&self, version: &SecretVersionId, history: &SecretHistory) -> Result<(), RotationError> {
        if history.bears(version, VersionStage::Pending) {
            return Ok(());
        }
        let reason = match history.at(VersionStage::Pending) {
            Some(other) => format!("version {other} is being prepared, and version {version} is not"),
            None => format!("version {version} is no longer being prepared"),
        };
        Err(SecretVersionsError::Conflict { id: self.secret.clone(), reason }.into())
    }

    /// A conflict is none where somebody else has done just that.
    async fn unless_done(
        &self,
        done: Result<(), SecretVersionsError>,
        version: &SecretVersionId,
        stage: VersionStage,
        bears: bool,
    ) -> Result<(), RotationError> {
        match done {
            Err(conflict @ SecretVersionsError::Conflict { .. }) => {
                let history = self.ports.versions.history(self.secret).await?;
                if history.bears(version, stage) == bears { Ok(()) } else { Err(conflict.into()) }
            }
            other => Ok(other?),
        }
    }

    async fn tell(&self, version: &SecretVersionId) -> Result<(), RotationError> {
        let document = self.required(version).await?;
        let names: Vec<String> =
            self.logins_of(&document)?.iter().map(|login| format!("`{}`", login.role.username)).collect();
        let former = match self.strategy {
            Strategy::Single => "The former password is refused from now on.",
            Strategy::Alternating { .. } => "The former logins work until the next rotation.",
        };
        let notice = Notice {
            operation_id: notice_id(version).map_err(|error| self.refused(error.to_string()))?,
            target: self.target.clone(),
            outcome: NoticeOutcome::Attention,
            times_stuck: 0,
            subject: format!("secret {} has new passwords", self.secret),
            body: format!(
                "Version {version} of secret {} is current: log in to {} as {} from now on. {former} Whoever keeps a copy of \
                 the secret, or connections for long, has to read it anew.{}",
                self.secret,
                self.target,
                names.join(" and "),
                told_of(self.dependents)
            ),
        };
        let told = self.ports.notifier.notify(&notice).await;
        told.map_err(|source| RotationError::NotTold { secret: self.secret.clone(), source })
    }

    /// The other user of the pair; the same one where there is no pair.
    pub(super) async fn next_name(&self, username: &str) -> Result<String, RotationError> {
        match &self.strategy {
            Strategy::Single => Ok(username.to_owned()),
            Strategy::Alternating { master } => {
                let master = self.master(master).await?;
                Ok(self.ports.logins.partner_of(&master, username).await?)
            }
        }
    }

    /// Sets the password of the one role with whichever of its passwords works.
    async fn set_by_itself(&self, next: &RoleSecret, pending: &SecretDocument) -> Result<(), RotationError> {
        let history = self.ports.versions.history(self.secret).await?;
        for stage in [VersionStage::Current, VersionStage::Previous] {
            let Some(version) = history.at(stage) else { continue };
            let Some(document) = self.ports.versions.value(self.secret, version).await? else { continue };
            self.alike(pending, &document)?;
            for login in self.logins_of(&document)? {
                match self.ports.logins.set_own_password(&self.login(&login.role, pending), &next.password).await {
                    Ok(()) => return Ok(()),
                    Err(error) if error.kind == DatabaseErrorKind::LoginRefused => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Err(self
            .refused(format!("the database takes none of the passwords of `{}` that the store holds", next.username)))
    }

    /// The master, by whichever of its passwords works: its own rotation may be under way.
    pub(super) async fn master(&self, id: &SecretId) -> Result<DatabaseLogin, RotationError> {
        let versions = self.ports.versions;
        let history = versions.history(id).await?;
        let mut refusal: Option<DatabaseError> = None;
        // The current one works nearly always, so it is the first here.
        for stage in [VersionStage::Current, VersionStage::Pending, VersionStage::Previous] {
            let Some(version) = history.at(stage) else { continue };
            let Some(document) = versions.value(id, version).await? else { continue };
            let logins = document::logins(&document).map_err(|reason| RotationError::refused(id, reason))?;
            for login in logins.iter().filter(|login| login.keys.username == "username") {
                let login = self.login(&login.role, &document);
                match self.ports.database.log_in(&login).await {
                    Ok(_) => return Ok(login),
                    Err(error) if error.kind == DatabaseErrorKind::LoginRefused => refusal = Some(error),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Err(refusal.map_or_else(|| RotationError::refused(id, "it holds no master login"), RotationError::from))
    }

    /// Whether a login works.
    pub(super) async fn logs_in(&self, login: &DatabaseLogin) -> Result<bool, RotationError> {
        match self.ports.database.log_in(login).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == DatabaseErrorKind::LoginRefused => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn login(&self, role: &RoleSecret, document: &SecretDocument) -> DatabaseLogin {
        DatabaseLogin {
            endpoint: self.endpoint.clone(),
            database: document::database(document).unwrap_or(DATABASE_DEFAULT).to_owned(),
            username: role.username.clone(),
            password: role.password.clone(),
        }
    }

    /// The current version and the one that is prepared, which have to fit each other.
    pub(super) async fn both(&self, version: &SecretVersionId) -> Result<(Held, Held), RotationError> {
        let unusable = |reason: String| {
            let (secret, version) = (self.secret.clone(), version.clone());
            RotationError::Unusable { secret, version, reason }
        };
        let current = self.current().await?;
        let current = Held { logins: self.logins_of(&current)?, document: current };
        let pending = self.required(version).await?;
        document::check_alike(&current.document, &pending).map_err(unusable)?;
        let pending = Held { logins: self.read(&pending).map_err(unusable)?, document: pending };
        for (now, next) in current.logins.iter().zip(&pending.logins) {
            let same = now.role.username == next.role.username;
            match &self.strategy {
                Strategy::Single if !same => {
                    return Err(unusable(format!("its versions differ in `{}`", now.keys.username)));
                }
                Strategy::Alternating { .. } if same => {
                    let login = &now.role.username;
                    return Err(unusable(format!("it would change the password of `{login}`, which is in use")));
                }
                Strategy::Single | Strategy::Alternating { .. } => {}
            }
        }
        Ok((current, pending))
    }

    pub(super) async fn current(&self) -> Result<SecretDocument, RotationError> {
        let history = self.ports.versions.history(self.secret).await?;
        let version = history.at(VersionStage::Current).ok_or_else(|| self.refused("no version is current"))?;
        self.required(version).await
    }

    pub(super) async fn required(&self, version: &SecretVersionId) -> Result<SecretDocument, RotationError> {
        let value = self.ports.versions.value(self.secret, version).await?;
        value.ok_or_else(|| self.refused(format!("version {version} has no content")))
    }

    /// The logins that are rotated: all of them, and of the master's secret the master's alone.
    pub(super) fn logins_of(&self, document: &SecretDocument) -> Result<Vec<Login>, RotationError> {
        self.read(document).map_err(|reason| self.refused(reason))
    }

    fn read(&self, document: &SecretDocument) -> Result<Vec<Login>, String> {
        let mut logins = document::logins(document)?;
        if self.strategy == Strategy::Single {
            logins.retain(|login| login.keys.username == "username");
            if logins.is_empty() {
                return Err("`username` is missing".to_owned());
            }
        }
        Ok(logins)
    }

    fn alike(&self, current: &SecretDocument, other: &SecretDocument) -> Result<(), RotationError> {
        document::check_alike(current, other).map_err(|reason| self.refused(reason))
    }

    pub(super) fn refused(&self, reason: impl Into<String>) -> RotationError {
        RotationError::refused(self.secret, reason)
    }
}

/// What the notice says of those who use the secret.
fn told_of(dependents: &[Dependent]) -> String {
    if dependents.is_empty() {
        return String::new();
    }
    let lines = dependents.iter().map(|Dependent { name, what_to_do }| format!("\n* {name}: {what_to_do}"));
    format!(" What uses it, and what to do there:{}", lines.collect::<String>())
}

/// A document with its logins.
pub(super) struct Held {
    document: SecretDocument,
    pub(super) logins: Vec<Login>,
}

/// What tells one rotation's notice from another's.
fn notice_id(version: &SecretVersionId) -> Result<OperationId, aurora_restore_core::ids::InvalidId> {
    let token: String = version.as_str().to_ascii_lowercase().chars().take(36).collect();
    OperationId::new(format!("rotation-{token}"))
}
