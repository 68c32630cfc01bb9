from django.apps import AppConfig


class MetersConfig(AppConfig):
    name = "meters"

    def ready(self) -> None:
        # Connects the receivers; they need the models to be loaded.
        import meters.receivers  # noqa: F401
