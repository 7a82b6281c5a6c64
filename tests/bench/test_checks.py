from assistant.checks.content import ContentChecks
from assistant.checks.terms import Terms, parse
from bench.checks import cost, read, report


def test_sentences_are_counted_by_category_and_language(tmp_path):
    path = tmp_path / "checks.tsv"
    path.write_text(
        "split\tlanguage\tcategory\ttext\n"
        "dev\ten\tillicit\ta bomb\n"
        "dev\ten\tillicit\ta gun\n"
        'dev\ten\tnone\t"bomb" in a song\n'
        "dev\ten\tnone\ta cake\n"
        "dev\tzh\tprofanity\t妈的\n"
    )
    checks = ContentChecks(
        lambda: Terms({"illicit": parse(["bomb"]), "profanity": parse(["妈的"])})
    )
    assert report(read(path), checks)[2:] == [
        "| dev | en | illicit | 2 | 50 % | 50 % |",
        "| dev | en | any | 2 | 50 % | 50 % |",
        "| dev | en | none | 2 | false alarms: 1 | |",
        "| dev | zh | profanity | 1 | 100 % | 100 % |",
        "| dev | zh | any | 1 | 100 % | 100 % |",
        "| dev | zh | none | 0 | false alarms: 0 | |",
    ]
    assert len(cost(checks)) == 7
