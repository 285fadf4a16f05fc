//! How the elements of each list are called in a request: `Tags.Tag.1`, `EventCategories.EventCategory.1`.
//!
//! Clients differ: botocore writes the element's own name, other clients write `member`, and some write none at all.
//! All three are read; any other name is an error.

/// The name that every list accepts.
const GENERIC: &str = "member";

/// The lists whose elements have a name of their own.
const OWN: &[(&str, &str)] = &[
    ("AvailabilityZones", "AvailabilityZone"),
    ("EventCategories", "EventCategory"),
    ("Filters", "Filter"),
    ("Tags", "Tag"),
    ("Values", "Value"),
    ("ValuesToAdd", "AttributeValue"),
    ("ValuesToRemove", "AttributeValue"),
    ("VpcSecurityGroupIds", "VpcSecurityGroupId"),
];

/// Whether `element` may name the elements of the list `list`.
pub(super) fn names_element(list: &str, element: &str) -> bool {
    element == GENERIC || OWN.contains(&(list, element))
}
