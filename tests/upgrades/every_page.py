"""Open every list and a record of each list, as each role: no page may break on old rows."""

import re

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import get_resolver

settings.ALLOWED_HOSTS.append("testserver")
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)


def routes(patterns, prefix=""):
    for each in patterns:
        route = prefix + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from routes(each.url_patterns, route)
        elif "<" not in route and "(" not in route:
            yield "/" + route.replace("^", "").replace("\\Z", "").replace("$", "")


broken, looked = [], 0
for role in ("owner", "operator", "auditor"):
    user, _new = User.objects.get_or_create(
        username=f"upgrade_{role}", defaults={"email": f"upgrade-{role}@example.com"}
    )
    user.groups.set([Group.objects.get(name=role)])
    client = Client(raise_request_exception=False)
    client.force_login(user)
    seen, todo = set(), sorted(set(routes(get_resolver().url_patterns)))
    while todo:
        address = todo.pop()
        if address in seen or "logout" in address:
            continue
        seen.add(address)
        answer = client.get(address)
        looked += 1
        if answer.status_code >= 500:
            broken.append((role, address, answer.status_code))
        if address.count("/") < 5 and answer.status_code == 200 and len(seen) < 400:
            links = re.findall(
                r'href="(/console/[^"?#]+)"', answer.content.decode(errors="replace")
            )
            todo += sorted(set(links) - seen)[:40]
print(f"{looked} pages looked at")
if broken:
    raise SystemExit(f"broken: {broken}")
