"""A WhatsApp Cloud API in memory; `api.whatsapp_app` lets it speak HTTP."""
