//! What a stack is made from here: the template in this program, the package, the configuration, parameters.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use aurora_restore_app::{StackServices, config};
use aurora_restore_core::ids::{AccountId, Region};
use aurora_restore_ops::{
    Package, TemplateParameters,
    deploy::{DeployPorts, Deployment},
    patiently,
    ports::{Artifacts, Stack},
};
use clap::Args;

use super::{PlaceArgs, bounds};
use crate::{context::Context, error::CommandError};

/// The template of the pipeline.
pub(super) const TEMPLATE: &str = include_str!("../../../../../cloudformation/aurora-restore-pipeline.yaml");

/// What `deploy` and `diff` begin with.
pub(super) struct Opened {
    pub(super) services: StackServices,
    artifacts: Box<dyn Artifacts>,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) deployment: Deployment,
}

impl Opened {
    /// What a change set is made and executed with.
    pub(super) fn ports(&self) -> DeployPorts<'_> {
        self.services.deploy_ports(self.artifacts.as_ref())
    }
}

/// The file with trusted certificates in a package.
const CERTIFICATES: &[u8] = b"rds-ca.pem";

/// What a stack is made from.
#[derive(Debug, Clone, Args)]
pub(super) struct MaterialArgs {
    #[command(flatten)]
    pub(super) place: PlaceArgs,

    /// The package with the functions' code; dist/aurora-restore-lambda-ARCHITECTURE.zip without it
    #[arg(long, value_name = "FILE")]
    package: Option<PathBuf>,

    /// The configuration of the stack: a TOML file, as `aurora-restore config init` writes it
    ///
    /// It is checked before anything is sent, and becomes the parameter `Configuration`. It holds ids of secrets, never
    /// secrets. Without it the stack keeps the one that it has.
    #[arg(long, value_name = "FILE")]
    configuration: Option<PathBuf>,

    /// A parameter of the template, such as `--parameter NotificationEmail=dba@example.com`
    ///
    /// What is not given stays as the stack has it.
    #[arg(long, value_name = "NAME=VALUE")]
    parameter: Vec<String>,

    /// The bucket for the package; aurora-restore-ACCOUNT-REGION without it, which is made where it is missing
    #[arg(long, value_name = "BUCKET")]
    bucket: Option<String>,
}

impl MaterialArgs {
    /// Everything that can be found wrong before anything is sent.
    fn parameters(&self, region: &str) -> Result<BTreeMap<String, String>, CommandError> {
        if let Some(path) = &self.package {
            let _usable = read_package(path)?;
        }
        let known = TemplateParameters::of(TEMPLATE);
        let mut parameters = BTreeMap::new();
        for text in &self.parameter {
            let (name, value) = parameter(text)?;
            known.require(name)?;
            if let Some(flag) = own_flag(name) {
                return Err(CommandError::usage(format!("`--parameter {name}=…` is not taken")).hint(flag));
            }
            known.accept(name, value)?;
            parameters.insert(name.to_owned(), value.to_owned());
        }
        if let Some(path) = &self.configuration {
            parameters.insert("Configuration".to_owned(), config::for_stack(path, region)?);
        }
        Ok(parameters)
    }

    /// Everything that is needed to make a change set: the account entered, the stack looked at, the package read.
    pub(super) async fn open(&self, context: &Context, stack: &str) -> Result<Opened, CommandError> {
        let region = context.stack_region(self.place.region.as_ref())?;
        let parameters = self.parameters(region.as_str())?;
        let services = context.stack_services(&region).await?;
        let account = services.account(context.config_beside_stack()?.environment()).await?;
        let artifacts = services.artifacts(&account)?;
        let found = patiently(|| services.stacks().describe(stack)).await?;
        let usual = services.usual_bucket(&account);
        bounds::check(context.ui(), &parameters, found.as_ref(), region.as_str())?;
        let deployment = self.deployment(context, stack, found.as_ref(), parameters, usual)?;
        Ok(Opened { services, artifacts, account, region, deployment })
    }

    /// The whole.
    fn deployment(
        &self,
        context: &Context,
        stack: &str,
        found: Option<&Stack>,
        parameters: BTreeMap<String, String>,
        usual_bucket: String,
    ) -> Result<Deployment, CommandError> {
        let package = match &self.package {
            Some(path) => read_package(path)?,
            None => usual_package(context, &architecture(&parameters, found))?,
        };
        require_architecture(&package, &parameters)?;
        if let Some(warning) = other_architecture(&package, &parameters, found) {
            context.ui().warning(&warning);
        }
        if !trusts_somebody(&package, &parameters, found) {
            context.ui().warning(
                "the package holds no certificates and the configuration names none: a login to RDS will be refused. Pack the \
                 bundle of RDS with `cargo xtask package --ca FILE`",
            );
        }
        Ok(Deployment {
            stack: stack.to_owned(),
            template: TEMPLATE.to_owned(),
            package,
            bucket: self.bucket.clone(),
            usual_bucket,
            parameters,
            tags: BTreeMap::new(),
        })
    }
}

/// Whether the functions will have certificates to check a database's by. RDS has authorities of its own.
fn trusts_somebody(package: &Package, parameters: &BTreeMap<String, String>, found: Option<&Stack>) -> bool {
    // Names of members stand in a zip as they are.
    let is_packed = package.content.windows(CERTIFICATES.len()).any(|window| window == CERTIFICATES);
    let of_stack = || found.and_then(|stack| stack.parameters.get("Configuration"));
    let configuration = parameters.get("Configuration").or_else(of_stack);
    is_packed || configuration.is_some_and(|text| text.contains("ca-certificate"))
}

/// Reads `NAME=VALUE`.
pub(super) fn parameter(text: &str) -> Result<(&str, &str), CommandError> {
    text.split_once('=').ok_or_else(|| {
        CommandError::usage(format!("`--parameter {text}` has no value")).hint("Write it as `--parameter NAME=VALUE`.")
    })
}

/// Parameters that have a flag of their own, or none because they follow from the package.
fn own_flag(name: &str) -> Option<&'static str> {
    match name {
        "Configuration" => Some("Give the file with `--configuration FILE`."),
        "CodeBucket" => Some("Give the bucket with `--bucket BUCKET`."),
        "CodeKey" | "CodeVersion" | "Release" => Some("It follows from the package; give one with `--package FILE`."),
        _ => None,
    }
}

/// What the functions run on: as given, as the stack has it, as the template says.
pub(super) fn architecture(parameters: &BTreeMap<String, String>, found: Option<&Stack>) -> String {
    const NAME: &str = "Architecture";
    let of_stack = || found.and_then(|stack| stack.parameters.get(NAME)).cloned();
    let of_template = || TemplateParameters::of(TEMPLATE).default(NAME).map(str::to_owned);
    parameters.get(NAME).cloned().or_else(of_stack).or_else(of_template).unwrap_or_else(|| "arm64".to_owned())
}

/// Where the package usually is.
pub(super) fn usual_path(architecture: &str) -> PathBuf {
    PathBuf::from(format!("dist/aurora-restore-lambda-{architecture}.zip"))
}

fn usual_package(context: &Context, architecture: &str) -> Result<Package, CommandError> {
    let path = usual_path(architecture);
    if !path.is_file() {
        if !is_checkout() {
            return Err(CommandError::usage(format!("there is no package {}", path.display())).hint(
                "Give one with `--package FILE`; a checkout of the repository makes it with `cargo xtask package`.",
            ));
        }
        let made_by = format!("cargo xtask package --arch {architecture}");
        context.ui().say(format_args!("{} is missing: making it with `{made_by}`.", path.display()));
        make_package(architecture)?;
    }
    read_package(&path)
}

/// The package that is given, or the usual one for what a stack's functions run on.
pub(crate) fn package_for(context: &Context, given: Option<&Path>, stack: &Stack) -> Result<Package, CommandError> {
    let wanted = architecture(&BTreeMap::new(), Some(stack));
    let package = match given {
        Some(path) => read_package(path)?,
        None => usual_package(context, &wanted)?,
    };
    require_architecture(&package, &BTreeMap::from([("Architecture".to_owned(), wanted)]))?;
    Ok(package)
}

/// The functions run on what the package is built for. A person who wants something else has the wrong package.
fn require_architecture(package: &Package, parameters: &BTreeMap<String, String>) -> Result<(), CommandError> {
    match parameters.get("Architecture") {
        Some(wanted) if *wanted != package.architecture => Err(CommandError::usage(format!(
            "the package is built for {}, and Architecture={wanted} is wanted",
            package.architecture
        ))
        .hint(format!("Make one with `cargo xtask package --arch {wanted}`. Nothing was changed."))),
        Some(_) | None => Ok(()),
    }
}

/// What nobody has asked for by its name: a package for another processor than the functions of the stack have run on.
fn other_architecture(
    package: &Package,
    parameters: &BTreeMap<String, String>,
    found: Option<&Stack>,
) -> Option<String> {
    let present = architecture(parameters, found);
    let is_switched = found.is_some() && !parameters.contains_key("Architecture") && present != package.architecture;
    is_switched.then(|| {
        format!(
            "the package is built for {wanted}, and the stack's functions run on {present}: this switches all of them to {wanted}. \
             Say so with `--parameter Architecture={wanted}`, or give a package for {present}",
            wanted = package.architecture
        )
    })
}

fn is_checkout() -> bool {
    Path::new("xtask/Cargo.toml").is_file() && Path::new("crates/lambda/Cargo.toml").is_file()
}

fn make_package(architecture: &str) -> Result<(), CommandError> {
    let failed = || CommandError::failed("`cargo xtask package` made no package");
    // Its own output is talk, not data.
    let made = Command::new("cargo")
        .args(["xtask", "package", "--arch", architecture])
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status();
    match made {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed().hint(format!("It ended with {status}; its own words stand above."))),
        Err(error) => {
            Err(failed().caused_by(error).hint("Is cargo installed? Or give a package with `--package FILE`."))
        }
    }
}

/// Reads a package.
pub(super) fn read_package(path: &Path) -> Result<Package, CommandError> {
    let content = std::fs::read(path).map_err(|error| {
        CommandError::usage(format!("the package {} cannot be read", path.display())).caused_by(error)
    })?;
    Package::read(content).map_err(|reason| {
        CommandError::usage(format!("{} {reason}", path.display()))
            .hint("A package is made with `cargo xtask package`. Nothing was changed.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_to_another_processor_is_told_unless_it_was_asked_for() {
        let package = Package { content: Vec::new(), architecture: "x86_64".to_owned() };
        let stack = |architecture: &str| Stack {
            parameters: BTreeMap::from([("Architecture".to_owned(), architecture.to_owned())]),
            id: String::new(),
            name: "ours".to_owned(),
            status: "UPDATE_COMPLETE".to_owned(),
            reason: None,
            changed_at: None,
            outputs: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        let asked = BTreeMap::from([("Architecture".to_owned(), "x86_64".to_owned())]);
        let told = other_architecture(&package, &BTreeMap::new(), Some(&stack("arm64"))).unwrap();
        assert!(told.contains("this switches all of them to x86_64"), "{told}");
        assert_eq!(other_architecture(&package, &asked, Some(&stack("arm64"))), None);
        assert_eq!(other_architecture(&package, &BTreeMap::new(), Some(&stack("x86_64"))), None);
        assert_eq!(other_architecture(&package, &BTreeMap::new(), None), None, "nothing runs yet");
    }

    #[test]
    fn certificates_are_packed_or_named() {
        let package = |content: &[u8]| Package { content: content.to_vec(), architecture: "arm64".to_owned() };
        let named = BTreeMap::from([("Configuration".to_owned(), "[database]\nca-certificate = \"x\"\n".to_owned())]);
        assert!(!trusts_somebody(&package(b"PK\x03\x04bootstrap"), &BTreeMap::new(), None));
        assert!(trusts_somebody(&package(b"PK\x03\x04bootstrap rds-ca.pem"), &BTreeMap::new(), None));
        assert!(trusts_somebody(&package(b"PK\x03\x04bootstrap"), &named, None));
    }
}
