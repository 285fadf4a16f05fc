//! What a page offers to link to, and where it links.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A page, as far as links go.
pub(super) struct Page {
    /// The anchors of its headings, and those that it sets itself.
    pub(super) anchors: BTreeSet<String>,
    /// Where it links to.
    pub(super) links: Vec<String>,
}

impl Page {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Self {
        let mut page = Self { anchors: BTreeSet::new(), links: Vec::new() };
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let _ = page.anchors.insert(numbered(anchor(&heading.take().unwrap_or_default()), &mut seen));
                }
                Event::Text(text) | Event::Code(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Html(html) | Event::InlineHtml(html) => page.anchors.extend(set_in(&html)),
                _ => {}
            }
        }
        page
    }
}

/// The anchor of a heading, as GitHub makes it.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A second heading of the same text gets a number.
fn numbered(anchor: String, seen: &mut BTreeMap<String, usize>) -> String {
    let count = seen.entry(anchor.clone()).or_default();
    *count += 1;
    if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
}

fn set_in(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("<a ")?.1.split_once("id=\"")?;
    rest.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_made_as_readers_get_them() {
        assert_eq!(
            anchor("ARP-SWITCH-002: a third cluster, or instance"),
            "arp-switch-002-a-third-cluster-or-instance"
        );
        let page = Page::parse("# One `two`\n\n## Same\n\n## Same\n\n<a id=\"set\"></a>\n");
        assert_eq!(page.anchors.iter().map(String::as_str).collect::<Vec<_>>(), ["one-two", "same", "same-1", "set"]);
    }

    #[test]
    fn links_are_found_in_text_tables_and_references_and_not_in_code() {
        let page = Page::parse(
            "[a](b.md#c) `[x](y)`\n\n| h |\n|---|\n| ![i](i.png) |\n\n[r]\n\n```\n[z](q)\n```\n\n[r]: d.md\n",
        );
        assert_eq!(page.links, ["b.md#c", "i.png", "d.md"]);
    }
}
