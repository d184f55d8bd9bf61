"""How the admin looks: names, colours, style sheets."""

from django.templatetags.static import static

UNFOLD = {
    "SITE_TITLE": "Mattegate",
    "SITE_HEADER": "Mattegate",
    "SITE_SUBHEADER": "Ask only about the few",
    "SITE_SYMBOL": "filter_center_focus",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("mattegate/favicon.svg")}
    ],
    "STYLES": [
        lambda request: static("mattegate/tokens.css"),
        lambda request: static("mattegate/mattegate.css"),
        lambda request: static("mattegate/pages.css"),
    ],
    "COLORS": {
        "primary": {
            "50": "#edf2ff",
            "100": "#dbe4ff",
            "200": "#bac8ff",
            "300": "#91a7ff",
            "400": "#748ffc",
            "500": "#7c96ff",
            "600": "#3b5bdb",
            "700": "#364fc7",
            "800": "#2f44ad",
            "900": "#283a93",
            "950": "#1b2766",
        }
    },
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "review.navigation.sidebar"},
}
