"""What a device family is called among people."""

from meters.domain.quantities import gettext_noop

# By the name of the family; what users add by profile goes by its own name.
FAMILY_WORDS: dict[str, str] = {
    "acrel-json-v2": gettext_noop("Acrel ADW300, own protocol"),
    "acrel-eiot": gettext_noop("Acrel gateway or meter, EIOT platform"),
    "acrel-hw": gettext_noop("Acrel gateway or meter, overseas protocol"),
    "tasmota": gettext_noop("Tasmota plug or meter reader"),
    "shelly-gen1": gettext_noop("Shelly, first generation"),
    "shelly-gen2": gettext_noop("Shelly Plus or Pro"),
    "zigbee2mqtt": gettext_noop("Zigbee device, by Zigbee2MQTT"),
    "esphome": gettext_noop("ESPHome sensor"),
    "sparkplug-b": gettext_noop("Sparkplug B edge node"),
    "emonhub": gettext_noop("OpenEnergyMonitor emonHub"),
    "dsmr-p1": gettext_noop("Smart meter, DSMR P1 port"),
    "chirpstack-v4": gettext_noop("LoRaWAN device, by ChirpStack"),
    "ttn-v3": gettext_noop("LoRaWAN device, by The Things Stack"),
    "thingsboard": gettext_noop("ThingsBoard device"),
    "thingsboard-gateway": gettext_noop("Device behind a ThingsBoard gateway"),
    "senml": gettext_noop("SenML sensor"),
    "amsreader": gettext_noop("Smart meter, AMS/HAN reader"),
    "iammeter": gettext_noop("IAMMETER energy meter"),
    "compere-kpm": gettext_noop("Compere KPM meter"),
    "siemens-7kn": gettext_noop("Siemens Powercenter 3000"),
    "advantech-wise": gettext_noop("Advantech WISE module"),
    "gosdm-mbmd": gettext_noop("Modbus meter, by mbmd"),
    "home-assistant": gettext_noop("Announced for Home Assistant"),
    "diy-wemos": gettext_noop("Home-made Wemos meter"),
}


def words_of(family: str) -> str:
    """Return what people call the family; its name where nobody has said."""
    return FAMILY_WORDS.get(family, family)
