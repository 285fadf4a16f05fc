//! The rules for names that users choose.

use super::error::{RdsError, RdsErrorCode};
use super::resources::Tag;

/// Longest name of a cluster, instance or snapshot.
const MAX_LENGTH: usize = 63;
/// Longest name of a group.
const MAX_GROUP_LENGTH: usize = 255;
/// Most tags on one resource.
const MAX_TAGS: usize = 50;

/// The name in the form in which RDS stores it: in lower case.
pub(crate) fn normalise(parameter: &str, name: &str) -> Result<String, RdsError> {
    checked(parameter, name, MAX_LENGTH)
}

/// The same for groups, whose names may be longer.
pub(crate) fn normalise_group(parameter: &str, name: &str) -> Result<String, RdsError> {
    checked(parameter, name, MAX_GROUP_LENGTH)
}

fn checked(parameter: &str, name: &str, max: usize) -> Result<String, RdsError> {
    if name.is_empty() {
        return Err(RdsError::new(
            RdsErrorCode::MissingParameter,
            format!("The request must contain the parameter {parameter}."),
        ));
    }
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let starts = name.as_bytes()[0].is_ascii_alphabetic();
    if !letters || !starts || name.ends_with('-') || name.contains("--") {
        return Err(RdsError::invalid_value(format!(
            "The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must \
             contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two \
             consecutive hyphens."
        )));
    }
    if name.len() > max {
        return Err(RdsError::invalid_value(format!(
            "The parameter {parameter} must not be longer than {max} characters."
        )));
    }
    Ok(name.to_ascii_lowercase())
}

/// Refuses a password that RDS would refuse. The message never contains it.
pub(crate) fn check_password(password: &str) -> Result<(), RdsError> {
    if !(8..=41).contains(&password.len()) {
        return Err(RdsError::invalid_value(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 or longer \
             than 41 characters.",
        ));
    }
    if !password.bytes().all(|byte| byte.is_ascii_graphic() && !b"/@\"".contains(&byte)) {
        return Err(RdsError::invalid_value(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides \
             '/', '@', '\"', ' ' may be used.",
        ));
    }
    Ok(())
}

/// Refuses a master user that the engine keeps for itself.
pub(crate) fn check_master_username(name: &str) -> Result<(), RdsError> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !letters || !starts || name.len() > MAX_LENGTH {
        return Err(RdsError::invalid_value(
            "The parameter MasterUsername must begin with a letter and contain only alphanumeric characters.",
        ));
    }
    let lower = name.to_ascii_lowercase();
    if ["rdsadmin", "admin", "public", "none"].contains(&lower.as_str())
        || lower.starts_with("pg_")
        || lower.starts_with("rds_")
    {
        return Err(RdsError::invalid_value(format!(
            "MasterUsername {name} cannot be used as it is a reserved word used by the engine"
        )));
    }
    Ok(())
}

/// Refuses a first database that the engine keeps for itself, or whose name is none.
pub(crate) fn check_database_name(name: &str) -> Result<(), RdsError> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !letters || !starts || name.len() > MAX_LENGTH {
        return Err(RdsError::invalid_value(
            "The parameter DatabaseName must begin with a letter, contain only alphanumeric characters, and not be longer \
             than 63 characters.",
        ));
    }
    if ["rdsadmin", "template0", "template1"].contains(&name.to_ascii_lowercase().as_str()) {
        return Err(RdsError::invalid_value(format!("Database name {name} cannot be used. It is a reserved word.")));
    }
    Ok(())
}

/// The tags sorted by key, if RDS would take them.
pub(crate) fn checked_tags(tags: &[Tag]) -> Result<Vec<Tag>, RdsError> {
    let mut sorted = tags.to_vec();
    sorted.sort();
    sorted.dedup_by(|one, other| one.key == other.key);
    if sorted.len() != tags.len() {
        return Err(RdsError::invalid_value("Duplicate tag keys found. Tag keys must be unique."));
    }
    if sorted.len() > MAX_TAGS {
        return Err(RdsError::invalid_value("A resource cannot have more than 50 tags."));
    }
    for tag in &sorted {
        if tag.key.starts_with("aws:") {
            return Err(RdsError::invalid_value("Tag keys cannot start with the reserved prefix: aws:"));
        }
        if tag.key.is_empty() || tag.key.chars().count() > 128 || tag.value.chars().count() > 256 {
            return Err(RdsError::invalid_value("Tag keys must have 1 to 128 characters, and tag values at most 256."));
        }
    }
    Ok(sorted)
}
