@echo off
rem Starts Grantkeeper on this machine: checks the SDK, builds what has changed, hands over to the launcher.
rem run --help lists the options. Written with care for Windows, but not tried on it yet.
setlocal
cd /d "%~dp0"
set DOTNET_NOLOGO=1
set DOTNET_CLI_TELEMETRY_OPTOUT=1

rem 1. the SDK; global.json makes an older one fail here
set sdk=none
set sdkmajor=0
for /f "delims=" %%v in ('dotnet --version 2^>nul') do set sdk=%%v
for /f "delims=. tokens=1" %%m in ("%sdk%") do set /a sdkmajor=%%m 2>nul
if %sdkmajor% LSS 10 (
  echo The .NET SDK 10.0.400 or later is needed and was not found. Install it from https://dotnet.microsoft.com/download and run run.cmd again. 1>&2
  exit /b 1
)
echo   .NET SDK %sdk%

rem 2. the build, only if a source is newer than the last one
set launcher=artifacts\bin\Grantkeeper.Launcher\release\Grantkeeper.Launcher.dll
set stamp=artifacts\run.stamp
set projects=src\Grantkeeper.Server src\Grantkeeper.Sandbox src\Grantkeeper.Launcher
set sources=src, providers, eng
if "%~1"=="demo" (
  set stamp=artifacts\run-demo.stamp
  set projects=%projects% samples\HandWritten
  set sources=src, samples\HandWritten, providers, eng
)
set changed=yes
if exist "%stamp%" if exist "%launcher%" powershell -NoProfile -NonInteractive -Command "$t = (Get-Item '%stamp%').LastWriteTimeUtc; $n = Get-ChildItem -Recurse -Path %sources%, Directory.Build.props, Directory.Packages.props, global.json, .editorconfig -ErrorAction SilentlyContinue | Where-Object { $_.LastWriteTimeUtc -gt $t } | Select-Object -First 1; if ($n) { exit 1 } else { exit 0 }" && set changed=no
if "%changed%"=="no" goto start
if not exist artifacts mkdir artifacts 2>nul
type nul > "%stamp%.new" 2>nul || goto readonly
for %%p in (%projects%) do (
  dotnet build %%p -c Release -v q -nologo > artifacts\run-build.log 2>&1 || goto failed
)
move /y "%stamp%.new" "%stamp%" >nul
echo   built

:start
rem 3. the launcher
dotnet "%launcher%" %*
exit /b %errorlevel%

:readonly
echo %cd% cannot be written to, and the build needs to. Make the folder writable, or copy it to a place of your own, and run run.cmd again there. 1>&2
exit /b 1

:failed
type artifacts\run-build.log 1>&2
echo The build failed. Mend what the lines above say and run run.cmd again. 1>&2
exit /b 1
