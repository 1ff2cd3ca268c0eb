"""What is DuckDB's word in the generated text becomes Spark's, and what is quoted stays."""

from __future__ import annotations

from reportdata.engines.spark.words import in_words_of_spark


def test_words_outside_of_quotes_are_sparks() -> None:
    text = "select arg_max(x, row(a, b)), isodow(d), hour(make_timestamp(epoch_us(t) + 1)), facts.* exclude (c) from f"
    assert in_words_of_spark(text) == (
        "select max_by(x, struct(a, b)), 1 + weekday(d), hour(timestamp_micros(unix_micros(t) + 1)), "
        "facts.* except (c) from f"
    )
    assert in_words_of_spark("from f, unnest(string_split(n, ',')) as e(d) where starts_with(d, 'a/')") == (
        "from f, lateral explode(split(n, ',')) as e(d) where startswith(d, 'a/')"
    )
    assert in_words_of_spark("cast(unnest(generate_series(a, b)) as date)") == "cast(explode(sequence(a, b)) as date)"


def test_what_is_quoted_and_longer_words_stay() -> None:
    text = "select 'row(it''s epoch_us(', own_row(a), last_epoch_us(b)"
    assert in_words_of_spark(text) == text
    assert in_words_of_spark(r"select 'a\b'") == r"select 'a\\b'"
