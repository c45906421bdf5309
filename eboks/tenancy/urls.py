from __future__ import annotations

from django.urls import path

from eboks.tenancy import company_views, people_views, views

app_name = "tenancy"
urlpatterns = [
    path("wybierz/", views.switch_company, name="switch_company"),
    path("dane/", company_views.contact, name="company_data"),
    path("dwie-osoby/", company_views.two_people, name="two_people"),
    path("osoby/", people_views.people_list, name="people"),
    path("osoby/zapros/", people_views.invite, name="invite"),
    path("osoby/<uuid:public_id>/", people_views.person, name="person"),
    path("osoby/<uuid:public_id>/zmien/", people_views.person_edit, name="person_edit"),
    path("osoby/<uuid:public_id>/zawies/", people_views.person_suspend, name="person_suspend"),
    path("osoby/<uuid:public_id>/przywroc/", people_views.person_resume, name="person_resume"),
    path("osoby/<uuid:public_id>/usun/", people_views.person_remove, name="person_remove"),
    path("osoby/<uuid:public_id>/zaproszenie/", people_views.person_invite, name="person_invite"),
]
