from __future__ import annotations

from django.urls import URLPattern, path

from insurance import (
    claim_form_views,
    claim_page,
    claim_views,
    cover_views,
    offer_views,
    own_policy_views,
    policy_views,
)

app_name = "insurance"
urlpatterns: list[URLPattern] = [
    path("nowa/", own_policy_views.policy_new, name="policy_new"),
    path("polisy/<uuid:public_id>/plik/", own_policy_views.policy_add_file, name="policy_add_file"),
    path(
        "polisy/<uuid:public_id>/ponownie/",
        own_policy_views.policy_send_again,
        name="policy_send_again",
    ),
    path(
        "polisy/<uuid:public_id>/wycofaj/",
        own_policy_views.policy_withdraw,
        name="policy_withdraw",
    ),
    path("pliki/<uuid:public_id>/", own_policy_views.policy_file, name="policy_file"),
    path("oferty/", offer_views.offer_list, name="offers"),
    path("oferty/<uuid:public_id>/", offer_views.offer, name="offer"),
    path("oferty/<uuid:public_id>/odrzuc/", offer_views.offer_decline, name="offer_decline"),
    path("szkody/", claim_views.claim_list, name="claim_list"),
    path("szkody/szkody.xlsx", claim_views.claim_list_xlsx, name="claim_list_xlsx"),
    path("szkody/nowa/", claim_form_views.claim_new, name="claim_new"),
    path("szkody/<uuid:public_id>/", claim_views.claim, name="claim"),
    path(
        "szkody/<uuid:public_id>/zgloszona/",
        claim_form_views.claim_reported,
        name="claim_reported",
    ),
    path("szkody/<uuid:public_id>/pliki/", claim_views.claim_add_files, name="claim_add_files"),
    path("szkody/<uuid:public_id>/wycofaj/", claim_views.claim_withdraw, name="claim_withdraw"),
    path("szkody/pliki/<uuid:public_id>/", claim_views.claim_file, name="claim_file"),
    path("pomoc-po-szkodzie/", claim_page.claim_contacts, name="claim_contacts"),
    path("", cover_views.cover_list, name="list"),
    path("przedmioty.xlsx", cover_views.cover_list_xlsx, name="list_xlsx"),
    path("przedmiot/<uuid:public_id>/", cover_views.asset, name="asset"),
    path("polisy/", policy_views.policy_list, name="policies"),
    path("polisy.xlsx", policy_views.policy_list_xlsx, name="policies_xlsx"),
    path("polisy/<uuid:public_id>/", policy_views.policy, name="policy"),
]
