"""Invented names of people, teams and objects, from many countries, on domains reserved for examples (RFC 2606)."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


DOMAIN = "acme.example"

GIVEN = words(
    """
    Aisha Alejandro Amara Anil Anna Ayumi Bruno Carmen Chidi Chloe Daniel Diego Elena Emeka Emma Fatima Felix
    Giulia Grace Hana Hugo Ines Ivan Jamal Jana Jonas Julia Kaito Karim Katarzyna Kofi Lakshmi Lars Leila Linh
    Lucas Mai Marco Maria Mateo Mei Mira Nadia Naomi Noah Olga Omar Oscar Paolo Petra Priya Quentin Rahul Rosa
    Samir Sara Sena Sofia Tariq Thandi Tomas Uma Valentina Viktor Wei Yara Yusuf Zanele Zoe
    """
)
FAMILY = words(
    """
    Adeyemi Almeida Andersen Baker Bauer Bianchi Chen Costa Diallo Dubois Eriksen Fernandez Fischer Garcia Gupta
    Haddad Hansen Herrera Hoang Ibrahim Ito Ivanova Jansen Johnson Kaplan Kim Kowalski Kumar Larsen Lee Lopez
    Mensah Meyer Moreau Mwangi Nakamura Nguyen Novak Okafor Oliveira Park Patel Petrov Ramos Rossi Sato Schmidt
    Shah Silva Singh Smith Sokolov Suzuki Tanaka Tran Usman Vargas Weber Wong Yilmaz Zhang
    """
)

TEAMS = ("platform", "data-science", "finance", "legal", "marketing", "sales", "security", "support", "research")
TECHNICAL_TEAMS = frozenset({"platform", "data-science", "security", "research"})
ROLES = ("owner", "admin", "developer", "user")
"""Roles of members, the most powerful one first; the first person is the primary owner."""
SEAT_TIERS = ("standard", "premium")
MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")
DOMAINS = ("acme.example", "acme-labs.example", "acme-emea.example")
PARTNERS = ("partner.example", "northwind.example", "lakeside.example", "fernhill.example")
REPOSITORIES = (
    "billing-api", "checkout-web", "data-pipeline", "mobile-app", "infra", "fraud-models", "search-service",
    "design-system", "docs-site", "warehouse-dbt",
)  # fmt: skip
MCP_SERVERS = (
    "GitHub", "Jira", "Confluence", "Slack", "Google Drive", "Postgres (read only)", "Sentry", "Salesforce", "Figma",
    "Snowflake", "PagerDuty", "Zendesk",
)  # fmt: skip
SKILLS = (
    "quarterly-report", "code-review", "contract-check", "incident-notes", "release-notes", "brand-voice",
    "invoice-matching", "sql-style", "rfp-answers", "postmortem-template",
)  # fmt: skip
PLUGINS = ("sql-helper", "diagram-maker", "unit-tests", "commit-writer", "doc-search", "terraform-lint", "jira-triage")

PROJECTS = {
    "platform": ("Payments migration", "Kubernetes upgrade", "On-call handbook", "API gateway", "Cost of the cloud"),
    "data-science": ("Churn model", "Forecasting", "Experiment reviews", "Fraud signals", "Customer segments"),
    "finance": ("Quarterly close", "Budget 2027", "Invoice matching", "Board reporting", "Travel policy"),
    "legal": ("Contract review", "Privacy assessments", "Supplier terms", "Trademark watch", "Policy library"),
    "marketing": ("Spring campaign", "Website relaunch", "Brand voice", "Customer stories", "Event planning"),
    "sales": ("RFP answers", "Account plans", "Pricing page", "Renewals EMEA", "Competitor notes"),
    "security": ("Incident reviews", "Vendor risk", "Threat models", "Phishing drills", "Access reviews"),
    "support": ("Help center", "Ticket triage", "Escalations", "Macros and replies", "Product feedback"),
    "research": ("Literature notes", "User interviews", "Prototype lab", "Survey analysis", "Patent drafts"),
}
FILES = {
    "platform": ("runbook.md", "architecture.pdf", "terraform-plan.txt", "latency-report.csv", "incident-timeline.md"),
    "data-science": ("churn-features.csv", "experiment-results.xlsx", "model-card.md", "cohorts.csv", "notebook.ipynb"),
    "finance": ("forecast-q4.xlsx", "budget-2027.xlsx", "invoices-october.csv", "board-deck.pptx", "travel-policy.pdf"),
    "legal": ("master-agreement.docx", "dpa-draft.docx", "nda.pdf", "supplier-terms.pdf", "retention-policy.docx"),
    "marketing": (
        "campaign-brief.docx",
        "homepage-copy.md",
        "brand-guide.pdf",
        "webinar-attendees.csv",
        "press-kit.pdf",
    ),
    "sales": ("rfp-answers.docx", "account-plan.pptx", "price-list.xlsx", "renewals.csv", "call-notes.md"),
    "security": (
        "vendor-questionnaire.xlsx",
        "threat-model.md",
        "access-review.csv",
        "phishing-report.pdf",
        "siem-rules.yml",
    ),
    "support": ("macros.csv", "ticket-export.csv", "help-article.md", "escalation-guide.docx", "survey.xlsx"),
    "research": ("interview-guide.docx", "transcripts.txt", "survey-results.csv", "paper.pdf", "sketches.png"),
}
"""Names of files, by team."""
ROLE_DESCRIPTIONS = {
    "owner": "Manages the organization, its members, billing and keys",
    "admin": "Manages members and keys",
    "developer": "Uses Claude and makes API keys",
    "user": "Uses Claude",
    "Auditors": "Read access to audit logs and exports",
    "Contractors": "Chat only, without connectors",
    "Workspace leads": "Manage the workspaces of their teams",
    "Data stewards": "Manage connectors and their data",
    "Billing viewers": "See invoices and usage",
    "Skill authors": "Publish skills and plugins",
}
"""The descriptions of the built-in roles, and of those that administrators create."""
