"""Words: from the catalogue and from what was measured; and a model's words only where they are sound."""

from __future__ import annotations

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import ANY, Stubber
from pots import ON, make_master

from packshot.export import colours
from packshot.export.bedrock import TOOL, Bedrock, Budget
from packshot.export.stage import export_photo
from packshot.export.words import ALT_ADVISED, Catalogue, Subject, locale_words, shorten
from packshot.records import CatalogEntry

FULL = CatalogEntry(
    sku="M1", title="Stoneware mug", brand="Acme", category="Kitchen", material="ceramic", height_cm=9.5
)


def said(entry, locale="en", **extra):
    return Catalogue().describe(Subject(entry=entry, view="front", **extra), locale)


def test_alt_text_names_the_thing_first_and_the_view_last():
    words = said(FULL, measured_colours=["white"])
    assert words.alt_text == "Stoneware mug, white, ceramic, front view."
    assert words.keywords == ["Kitchen", "Acme", "ceramic", "white"]
    assert words.description.endswith("Height: 9.5 cm. View: front view.")


def test_the_same_in_german():
    words = said(FULL, "de-AT", measured_colours=["white", "navy"])
    assert words.alt_text == "Stoneware mug, weiß und marineblau, ceramic, Vorderansicht."
    assert "Farbe: weiß und marineblau." in words.description
    assert words.language == "de"


def test_what_the_title_says_is_not_said_again():
    entry = FULL.model_copy(update={"title": "White ceramic mug", "colour": "white"})
    assert said(entry).alt_text == "White ceramic mug, front view."


def test_the_catalogues_colour_wins_over_the_measured_one():
    assert said(FULL.model_copy(update={"colour": "eggshell"}), measured_colours=["white"]).colour == "eggshell"


def test_a_plain_colour_of_the_catalogue_is_said_in_the_language():
    white = FULL.model_copy(update={"colour": "White"})
    assert said(white, "de").alt_text == "Stoneware mug, weiß, ceramic, Vorderansicht."


def test_nothing_is_invented_when_the_catalogue_is_silent():
    words = said(CatalogEntry(sku="M1", title="Mug"))
    assert words.alt_text == "Mug, front view."
    assert words.description == "Mug. View: front view."
    assert words.keywords == []


def test_a_long_title_leaves_room_for_nothing_else():
    words = said(FULL.model_copy(update={"title": "mug " * 40}))
    assert len(words.alt_text) <= ALT_ADVISED
    assert words.alt_text.endswith(("….", "."))


def test_a_persons_alt_text_is_kept():
    assert said(FULL.model_copy(update={"alt_text": "A mug with a chip."})).alt_text == "A mug with a chip."


def test_an_unknown_language_names_those_there_are():
    with pytest.raises(ValueError, match="there are de, en"):
        locale_words("tlh")
    with pytest.raises(ValueError, match="no words"):
        locale_words("../../etc/passwd")


def test_every_locale_has_every_colour_and_view():
    names, _ = colours.palette()
    german, english = locale_words("de"), locale_words("en")
    assert set(german.colours) == set(names)
    assert set(german.views) == set(english.views)
    assert set(german.labels) == set(english.labels)


def test_shorten_cuts_between_words():
    assert shorten("one two three four", 12) == "one two…"
    assert shorten("short", 12) == "short"


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((250, 250, 250), "white"),
        ((20, 20, 22), "black"),
        ((200, 25, 40), "red"),
        ((25, 40, 85), "navy"),
        ((30, 130, 60), "green"),
        ((240, 130, 20), "orange"),
        ((150, 150, 152), "grey"),
        ((105, 65, 35), "brown"),
    ],
)
def test_a_plain_product_has_its_colours_name(rgb, name):
    assert colours.name(np.full((40, 40, 4), (*rgb, 255), np.uint8)) == [name]


def test_two_colours_are_both_named_and_many_are_not():
    master = np.full((60, 60, 4), 255, np.uint8)
    master[:36, :, :3] = (200, 25, 40)
    master[36:, :, :3] = (250, 250, 250)
    assert colours.name(master) == ["red", "white"]
    for i, rgb in enumerate([(200, 25, 40), (30, 130, 60), (240, 215, 40), (105, 45, 145), (18, 128, 124)]):
        master[i * 12 : (i + 1) * 12, :, :3] = rgb
    assert colours.name(master) == [colours.MULTICOLOURED]


def test_no_product_has_no_colour():
    assert colours.name(np.zeros((10, 10, 4), np.uint8)) == []


GOOD = {
    "alt_text": "Terracotta pot with a smooth rim, front view.",
    "description": "A round terracotta pot, seen from the front.",
    "keywords": ["pot", "round"],
}


@pytest.fixture
def stubbed():
    config = Config(region_name="eu-central-1", retries={"max_attempts": 0})
    client = boto3.client("bedrock-runtime", aws_access_key_id="x", aws_secret_access_key="x", config=config)
    with Stubber(client) as stubber:
        yield client, stubber


def provider(client, most=1.0):
    return Bedrock(client, "some.vision-model", Budget(most, 0.003, 0.015), (ClientError, BotoCoreError))


def answers(stubber, tool_input, stop="tool_use"):
    content = [{"toolUse": {"toolUseId": "1", "name": TOOL, "input": tool_input}}] if tool_input else [{"text": "no"}]
    stubber.add_response(
        "converse",
        {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": stop,
            "usage": {"inputTokens": 1500, "outputTokens": 100, "totalTokens": 1600},
            "metrics": {"latencyMs": 10},
        },
        {
            "modelId": "some.vision-model",
            "system": ANY,
            "messages": ANY,
            "inferenceConfig": {"maxTokens": 600, "temperature": 0.0},
            "toolConfig": ANY,
        },
    )


def test_a_sound_answer_is_used_and_paid_for(stubbed, meta):
    client, stubber = stubbed
    answers(stubber, GOOD)
    asked = provider(client)
    done = export_photo(make_master(300, 400), None, meta(), ["shopify"], ON, provider=asked)[0]
    stubber.assert_no_pending_responses()
    assert done.alt_text == GOOD["alt_text"]
    assert done.words.provider == "bedrock:some.vision-model"
    assert done.words.keywords[:2] == ["pot", "planter"]
    assert "round" in done.words.keywords
    assert asked.budget.spent == pytest.approx(1.5 * 0.003 + 0.1 * 0.015)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({**GOOD, "alt_text": "x" * 126}, "schema"),
        ({**GOOD, "price": "9"}, "schema"),
        ({**GOOD, "alt_text": "Image of a terracotta pot."}, "image of"),
        ({**GOOD, "description": "Buy it at https://evil.example now and save."}, "links or markup"),
        (None, "no answer through the tool"),
    ],
)
def test_an_unsound_answer_falls_back_to_the_catalogue(stubbed, answer, why):
    client, stubber = stubbed
    answers(stubber, answer)
    asked = provider(client)
    words = asked.describe(Subject(entry=FULL, view="front"), "en", b"jpeg")
    assert words == said(FULL)
    assert why in asked.misses[0]


def test_an_error_of_the_service_falls_back(stubbed):
    client, stubber = stubbed
    stubber.add_client_error("converse", "ThrottlingException", "slow down", 429)
    asked = provider(client)
    assert asked.describe(Subject(entry=FULL, view="front"), "en", b"jpeg") == said(FULL)
    assert "ThrottlingException" in asked.misses[0]


def test_past_the_cap_nobody_is_asked(stubbed):
    client, stubber = stubbed
    answers(stubber, GOOD)
    asked = provider(client, most=0.018)
    assert asked.describe(Subject(entry=FULL, view="front"), "en", b"jpeg").provider.startswith("bedrock")
    assert asked.describe(Subject(entry=FULL, view="front"), "en", b"jpeg").provider == "catalogue"
    assert "cap" in asked.misses[0]
    assert asked.budget.spent <= 0.018
