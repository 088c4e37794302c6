use super::*;

fn tree(text: &str) -> Result<Tree, (usize, usize, YamlFault)> {
    read(&Source::new("s.yaml", text)).map_err(|(place, fault)| {
        let position = place.position();
        (position.line, position.column, fault)
    })
}

fn fault(text: &str) -> (usize, usize, YamlFault) {
    tree(text).unwrap_err()
}

#[test]
fn a_scalar_is_the_authors_text() {
    let root = tree(concat!(
        "a: on\nb: 0777\nc: 12345678901234567890123\nd: 1.0\ne: yes\nf: 1e3\ng: 2024-01-01\n",
        "h: 'it''s'\ni: \"x\\ty\"\nj: !!str null\nk: 0x1F\nl: 1_000\nm: '~'\nn: 12:30:45\n"
    ));
    let root = root.unwrap();
    let text = |key: &str| root.get(key).unwrap().scalar().unwrap().to_owned();
    let expected = [
        ("a", "on"),
        ("b", "0777"),
        ("c", "12345678901234567890123"),
        ("d", "1.0"),
        ("e", "yes"),
        ("f", "1e3"),
        ("g", "2024-01-01"),
        ("h", "it's"),
        ("i", "x\ty"),
        ("j", "null"),
        ("k", "0x1F"),
        ("l", "1_000"),
        ("m", "~"),
        ("n", "12:30:45"),
    ];
    for (key, written) in expected {
        assert_eq!(text(key), written, "{key}");
    }
    let nulls = tree("a:\nb: ~\nc: null\nnull: 1\n").unwrap();
    assert!(
        ["a", "b", "c"]
            .iter()
            .all(|key| nulls.get(key).unwrap().is_null())
    );
    assert_eq!(nulls.get("null").unwrap().scalar(), Some("1"));
}

#[test]
fn everything_has_its_place() {
    let root = tree("# 云\n云: { 'a': \"b\" }\nl:\n  - x\n  - |\n    y\n").unwrap();
    let place = |node: &Tree| {
        let position = node.place.position();
        (
            position.line,
            position.column,
            node.place.written().to_owned(),
        )
    };
    let a = root.get("云").unwrap().get("a").unwrap();
    assert_eq!(place(a), (2, 11, "\"b\"".to_owned()));
    let Kind::Sequence(items) = &root.get("l").unwrap().kind else {
        panic!("a list");
    };
    assert_eq!(place(&items[0]), (4, 5, "x".to_owned()));
    assert_eq!(items[1].scalar(), Some("y\n"));
    assert_eq!(items[1].place.position().line, 6);
    let entry = &root.entries()[1];
    assert_eq!(entry.key_place.position().line, 3);
}

#[test]
fn anchors_are_shared_and_merged() {
    let root = tree(concat!(
        "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\n",
        "own: {<<: *base, b: 9}\nboth: {<<: [*base, *more]}\nsame: *base\nquoted: {'<<': x}\n"
    ));
    let root = root.unwrap();
    let value = |node: &str, key: &str| {
        let node = root.get(node).unwrap().get(key);
        node.map(|node| node.scalar().unwrap().to_owned())
    };
    assert_eq!(value("own", "a").as_deref(), Some("1"));
    assert_eq!(value("own", "b").as_deref(), Some("9"));
    assert_eq!(value("both", "b").as_deref(), Some("2"));
    assert_eq!(value("both", "c").as_deref(), Some("4"));
    assert!(Arc::ptr_eq(
        root.get("same").unwrap(),
        root.get("base").unwrap()
    ));
    assert_eq!(value("quoted", "<<").as_deref(), Some("x"));
}

#[test]
fn an_alias_to_itself_is_refused_where_it_stands() {
    assert_eq!(
        fault("a: &a\n  - 1\n  - *a\n"),
        (3, 5, YamlFault::SelfAlias)
    );
    assert_eq!(fault("a: &a {b: {c: *a}}"), (1, 15, YamlFault::SelfAlias));
    assert!(matches!(fault("a: *nobody"), (1, 4, YamlFault::Syntax(_))));
}

#[test]
fn a_billion_laughs_end_at_the_alias_that_is_too_many() {
    let mut text = "l0: &l0 [lol, lol]\n".to_owned();
    for level in 1..30 {
        let below = format!("*l{}, ", level - 1).repeat(9);
        text += &format!("l{level}: &l{level} [{below}]\n");
    }
    let (line, column, fault) = fault(&text);
    assert_eq!((line, fault), (6, YamlFault::TooMany));
    assert!(column > 5);
}

#[test]
fn a_file_of_many_nodes_is_refused_where_they_are_too_many() {
    let text = format!("a: [{}]", "1,".repeat(MAX_NODES));
    assert_eq!(fault(&text).2, YamlFault::TooMany);
    let merges = format!(
        "a: &a {{{}}}\nb: [{}]",
        (0..500)
            .map(|key| format!("k{key}: 1, "))
            .collect::<String>(),
        "{<<: *a}, ".repeat(200)
    );
    assert_eq!(fault(&merges), (2, fault(&merges).1, YamlFault::TooMany));
}

#[test]
fn what_is_not_one_tidy_document_is_refused_with_its_place() {
    let duplicate = YamlFault::DuplicateKey {
        key: "a".into(),
        first: 1,
    };
    assert_eq!(fault("a: 1\nb: 2\n'a': 3\n"), (3, 1, duplicate));
    assert_eq!(
        fault("a: 1\n---\nb: 2\n"),
        (2, 1, YamlFault::SecondDocument)
    );
    assert_eq!(fault(""), (1, 1, YamlFault::Empty));
    assert_eq!(fault("# nothing\n"), (1, 1, YamlFault::Empty));
    assert_eq!(
        fault("access: {{ access }}"),
        (1, 10, YamlFault::Key("a mapping"))
    );
    assert_eq!(fault("a: !Ref b"), (1, 9, YamlFault::Tag("!Ref".into())));
    assert!(matches!(
        fault("a: {<<: 1}"),
        (1, _, YamlFault::Merge("a scalar"))
    ));
    let syntax = |text: &str| match fault(text) {
        (line, column, YamlFault::Syntax(_)) => (line, column),
        other => panic!("{other:?}"),
    };
    assert_eq!(syntax("a:\n\tb: 1\n").0, 2);
    assert_eq!(syntax("a: [1, 2\nb: 3\n").0, 2);
    assert_eq!(syntax("a: 'x\n").0, 1);
    assert_eq!(syntax("a: b: c\n").0, 1);
    let deep = "[".repeat(100_000);
    assert_eq!(syntax(&deep).0, 1);
    let deep: String = (0..200)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    syntax(&deep);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_read() {
    let root = tree("\u{feff}a: 1\r\nb:\r\n  c: x\r\n").unwrap();
    let c = root.get("b").unwrap().get("c").unwrap();
    assert_eq!(c.scalar(), Some("x"));
    assert_eq!(c.place.position().line, 3);
    assert_eq!(c.place.written(), "x");
}

#[test]
fn aliases_do_not_lead_deeper_than_a_file_may() {
    let nested = |inside: &str| format!("{}{inside}{}", "[".repeat(40), "]".repeat(40));
    let text = format!("a: &a {}\nb: {}\n", nested("x"), nested("*a"));
    assert_eq!(fault(&text), (2, 44, YamlFault::TooDeep));
}
