"""What is leased: real makes with plausible net prices, and kinds of machines."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.enums import AssetCategory, Propulsion

P, D, H, PH, E = (
    Propulsion.PETROL,
    Propulsion.DIESEL,
    Propulsion.HYBRID,
    Propulsion.PLUGIN_HYBRID,
    Propulsion.ELECTRIC,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A model that can be leased. `maker_code` starts its VIN; machines have none."""

    make: str
    model: str
    price: tuple[int, int]  # net, PLN
    maker_code: str = ""
    propulsion: str = ""
    co2: tuple[int, int] = (0, 0)  # g/km; (0, 0) is not stated for trucks and trailers
    power_kw: tuple[int, int] = (0, 0)
    vat_pct: int = 23

    @property
    def category(self) -> AssetCategory:
        return AssetCategory.VEHICLE if self.maker_code else AssetCategory.MACHINE


CARS = (
    Kind("Škoda", "Octavia Combi 2.0 TDI", (108_000, 150_000), "TMB", D, (112, 128), (85, 110)),
    Kind("Škoda", "Superb Combi 2.0 TDI", (150_000, 205_000), "TMB", D, (124, 142), (110, 142)),
    Kind("Toyota", "Corolla 1.8 Hybrid", (98_000, 128_000), "SB1", H, (98, 108), (90, 103)),
    Kind("Toyota", "RAV4 2.5 Hybrid", (150_000, 190_000), "JTM", H, (126, 135), (131, 160)),
    Kind("Volkswagen", "Passat 2.0 TDI", (140_000, 190_000), "WVW", D, (126, 139), (90, 142)),
    Kind("Kia", "Sportage 1.6 T-GDI", (115_000, 155_000), "U5Y", P, (148, 165), (110, 132)),
    Kind("Hyundai", "Tucson 1.6 T-GDI HEV", (125_000, 165_000), "TMA", H, (127, 138), (158, 171)),
    Kind("Dacia", "Duster 1.3 TCe", (75_000, 98_000), "UU1", P, (140, 152), (96, 110)),
    Kind("BMW", "320d Touring", (175_000, 240_000), "WBA", D, (122, 136), (140, 140)),
    Kind("Audi", "A6 Avant 40 TDI", (210_000, 290_000), "WAU", D, (132, 148), (150, 150)),
    Kind("Mercedes-Benz", "GLC 300 de", (260_000, 330_000), "W1N", PH, (12, 19), (245, 245)),
    Kind("Volvo", "XC60 T6 Recharge", (220_000, 280_000), "YV1", PH, (22, 30), (257, 257)),
    Kind("Tesla", "Model Y Long Range", (195_000, 225_000), "XP7", E, (0, 0), (220, 286)),
    Kind("Tesla", "Model 3", (165_000, 195_000), "LRW", E, (0, 0), (208, 208)),
    Kind("Cupra", "Formentor 1.5 TSI", (118_000, 150_000), "VSS", P, (136, 149), (110, 110)),
)
VANS = (
    Kind("Ford", "Transit 2.0 EcoBlue L3H2", (125_000, 165_000), "WF0", D, (192, 228), (96, 125)),
    Kind("Renault", "Master 2.3 dCi", (118_000, 155_000), "VF1", D, (199, 235), (99, 132)),
    Kind("Fiat", "Ducato 2.2 Multijet", (115_000, 150_000), "ZFA", D, (190, 226), (88, 132)),
    Kind("Mercedes-Benz", "Sprinter 317 CDI", (150_000, 210_000), "W1V", D, (205, 240), (125, 125)),
    Kind("Volkswagen", "Crafter 2.0 TDI", (145_000, 195_000), "WV1", D, (202, 238), (103, 130)),
    Kind("Peugeot", "Partner 1.5 BlueHDi", (78_000, 99_000), "VR3", D, (130, 148), (75, 96)),
    Kind("Iveco", "Daily 35S16", (140_000, 190_000), "ZCF", D, (210, 250), (115, 115)),
)
TRUCKS = (
    Kind("Scania", "R 450 A4x2NA", (440_000, 520_000), "YS2", D, (0, 0), (331, 331)),
    Kind("Volvo", "FH 460 4x2", (445_000, 530_000), "YV2", D, (0, 0), (338, 338)),
    Kind("DAF", "XG 480", (430_000, 510_000), "XLR", D, (0, 0), (355, 355)),
    Kind("MAN", "TGX 18.470", (425_000, 500_000), "WMA", D, (0, 0), (346, 346)),
    Kind("Mercedes-Benz", "Actros 1845 LS", (450_000, 540_000), "W1T", D, (0, 0), (330, 330)),
    Kind("Krone", "Profi Liner", (125_000, 155_000), "WKE"),
    Kind("Schmitz Cargobull", "S.KO Cool", (260_000, 330_000), "WSM"),
    Kind("Wielton", "Curtain Master", (115_000, 145_000), "SUD"),
)
MACHINES = (
    Kind("JCB", "koparko-ładowarka 3CX", (380_000, 470_000)),
    Kind("Caterpillar", "koparka gąsienicowa 320", (650_000, 820_000)),
    Kind("Kubota", "minikoparka KX027-4", (170_000, 210_000)),
    Kind("Linde", "wózek widłowy H25D", (110_000, 150_000)),
    Kind("Toyota", "wózek widłowy Tonero 20", (95_000, 130_000)),
    Kind("John Deere", "ciągnik rolniczy 6R 150", (560_000, 690_000)),
    Kind("Claas", "kombajn zbożowy Lexion 6700", (1_450_000, 1_900_000)),
    Kind("Haas", "centrum obróbcze VF-2", (310_000, 390_000)),
    Kind("Trumpf", "wycinarka laserowa TruLaser 3030", (1_900_000, 2_600_000)),
    Kind("Heidelberg", "maszyna drukarska Speedmaster SX 74", (1_600_000, 2_300_000)),
    Kind("Planmeca", "tomograf stomatologiczny ProMax 3D", (260_000, 340_000), vat_pct=8),
    Kind("GE HealthCare", "aparat USG Voluson E10", (180_000, 290_000), vat_pct=8),
    Kind("Miwe", "piec piekarniczy condo", (140_000, 220_000)),
)
# (kinds, weight among all contracts)
SHELVES = ((CARS, 45), (VANS, 22), (TRUCKS, 15), (MACHINES, 18))
