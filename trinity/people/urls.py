"""The addresses of the people page."""

from __future__ import annotations

from django.urls import path

from trinity.people import views

urlpatterns = [
    path("console/people/", views.people, name="people"),
    path("console/people/invite/", views.invite, name="person-invite"),
    path("console/people/<int:user_id>/", views.person, name="person"),
    path("console/people/<int:user_id>/role/", views.role, name="person-role"),
    path("console/people/<int:user_id>/deactivate/", views.deactivate, name="person-deactivate"),
    path("console/people/<int:user_id>/reactivate/", views.reactivate, name="person-reactivate"),
    path("console/people/<int:user_id>/sessions/end/", views.log_out, name="person-log-out"),
    path("console/people/<int:user_id>/invite/", views.invite_again, name="person-invite-again"),
    path(
        "console/people/<int:user_id>/mails/<str:reference>/resend/",
        views.resend_mail,
        name="person-mail-resend",
    ),
]
