"""Words of the trade, with their sentence for whoever points at them."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from meters.domain.glossary import SENTENCES

register = template.Library()


@register.simple_tag
def term(word: str) -> SafeString:
    """Return the word, translated; with its sentence where the glossary has one."""
    sentence = SENTENCES.get(word)
    if sentence is None:
        return format_html("{}", gettext(word) if word else "")
    return format_html(
        '<span class="term" tabindex="0" data-tip="{0}" aria-description="{0}">{1}'
        "</span>",
        gettext(sentence),
        gettext(word),
    )
